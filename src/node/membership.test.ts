import { describe, expect, it } from 'vitest'
import { bytesOf, createLedger, genesis, idOf, type Proposer, put, transaction } from '../ledger/consortium.fixture.ts'
import type { PublicKey } from '../types/brand.ts'
import type { Call } from '../types/transaction.ts'
import { Membership, touchesMembership } from './membership.ts'

const clock = { nowMs: () => 0, random: () => 0 }
const key = (name: string): PublicKey => idOf(name) as unknown as PublicKey
const registry = (method: string, ...args: Call['args']): Call => ({ contract: 'registry', method, args })
const founder = genesis.founders[0] as (typeof genesis.founders)[number]
const TRANSPORT_KEY_ID = 2

async function open(bootstrap: readonly PublicKey[] = []) {
  const { ledger, proposer } = await createLedger()
  const membership = new Membership({ ledger, clock, bootstrap })
  const commit = async (...calls: Call[]) => {
    const block = await proposer.commit([transaction(calls)])
    return touchesMembership([block])
  }
  return { ledger, proposer: proposer as Proposer, membership, commit }
}

describe('Membership', () => {
  it('admits the transport keys of the committed registry, and names whose they are', async () => {
    const { membership } = await open()
    expect(membership.members.toSorted()).toEqual(genesis.founders.map(({ transportKey }) => transportKey).toSorted())
    expect(membership.classify(founder.transportKey)).toBe('member')
    expect(membership.institutionOf(founder.transportKey)).toBe(founder.institution)
    expect(membership.transportKeysOf(founder.institution)).toEqual([founder.transportKey])
  })

  it('admits no other kind of key of a member, and no unknown one', async () => {
    const { membership } = await open()
    for (const other of [
      founder.signingKey,
      founder.encryptionKey,
      founder.consensusKey as PublicKey,
      key('unknown'),
    ]) {
      expect(membership.classify(other)).toBe('refused')
      expect(membership.institutionOf(other)).toBe(null)
    }
  })

  it('lets a configured bootstrap peer in for less, unless it is a member anyway', async () => {
    const { membership } = await open([key('bootstrap'), founder.transportKey])
    expect(membership.classify(key('bootstrap'))).toBe('bootstrap')
    expect(membership.classify(founder.transportKey)).toBe('member')
  })

  it('follows keys that are added and revoked', async () => {
    const { membership, commit } = await open()
    expect(await commit(registry('addKey', bytesOf('Alpha'), 'transport', bytesOf('new key')))).toBe(true)
    membership.refresh()
    expect(membership.transportKeysOf(founder.institution)).toHaveLength(2)
    expect(await commit(registry('revokeKey', bytesOf('Alpha'), TRANSPORT_KEY_ID))).toBe(true)
    membership.refresh()
    expect(membership.transportKeysOf(founder.institution)).toEqual([key('new key')])
    expect(membership.classify(founder.transportKey)).toBe('refused')
  })

  it('follows a registry with more keys than one page of it', async () => {
    const { membership, proposer } = await open()
    const names = ['Alpha', 'Beta', 'Gamma', 'Delta', 'Alpha'] as const
    const added: string[] = []
    for (const [round, by] of names.entries()) {
      // Up to 64 keys an identity, four of them its own.
      const calls = Array.from({ length: round === 4 ? 1 : 59 }, (_, i) => {
        const name = `key ${round} ${i}`
        added.push(name)
        return registry('addKey', bytesOf(by), 'transport', bytesOf(name))
      })
      await proposer.commit([transaction(calls, { by, gasLimit: 100_000_000 })])
    }
    membership.refresh()
    expect(membership.members).toHaveLength(4 + added.length)
    expect(added.every((name) => membership.classify(key(name)) === 'member')).toBe(true)
  })

  it('is left as it is by commits that do not touch it', async () => {
    const { proposer, commit } = await open()
    expect(touchesMembership([await proposer.commit([put('note')])])).toBe(false)
    expect(await commit(registry('enrollPatient', bytesOf('patient'), null, null))).toBe(false)
  })
})
