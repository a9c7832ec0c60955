// Which of several survivors' ledgers a chain goes on from, and what a survivor does not sign. Real ledgers and contracts.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { carryOver } from '../ledger/carry-over.ts'
import {
  certify,
  createLedger,
  genesis as fixtureGenesis,
  GENESIS_TIME_MS,
  idOf,
  Proposer,
  put,
} from '../ledger/consortium.fixture.ts'
import { openLevelStore } from '../ledger/level-store.ts'
import { MemoryStore } from '../ledger/memory-store.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { verifierOf } from '../ledger/replay-chain.ts'
import { snapshotInto } from '../ledger/snapshot.fixture.ts'
import { verifyChain } from '../ledger/verify-chain.ts'
import type { Epoch } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import { type Genesis, genesisCodec } from '../types/genesis.ts'
import { chainIdOf } from '../types/signing.ts'
import { buildRecovery, disagreement, lastOf, type ShownHead, type SurvivingLedger, uncertifiedOf } from './recovery.ts'

type Made = SurvivingLedger & Awaited<ReturnType<typeof createLedger>>

async function survivor(from: string, notes: readonly string[]): Promise<Made> {
  const made = await createLedger()
  for (const [i, note] of notes.entries()) {
    await made.proposer.commit([put(note)], { timeMs: GENESIS_TIME_MS + (i + 1) * 1_000 })
  }
  return { from, ...made }
}
const headOf = ({ from, ledger: { head } }: SurvivingLedger): ShownHead => {
  if (head.commitCert === null) throw new Error('no certified block')
  return { from, header: head.header, commitCert: head.commitCert }
}
const surviving = [idOf('Alpha'), idOf('Beta')]

let low: Made
let high: Made

/** Two ledgers of one chain: `low` stopped earlier. */
beforeEach(async () => {
  high = await survivor('high', ['one', 'two'])
  low = { from: 'low', ...(await createLedger()) }
  const first = high.ledger.block(1 as never)
  if (first === undefined) throw new Error('block 1')
  const leaderCert = high.ledger.leaderCert(1 as never)
  await low.ledger.applyCertified({
    blocks: [first],
    leaderCerts: leaderCert === undefined ? [] : [leaderCert],
    cert: certify(first),
  })
})

const build = (last: SurvivingLedger, change: Partial<Parameters<typeof buildRecovery>[0]> = {}): Genesis =>
  buildRecovery({ last, surviving, acceptsMinority: true, nowMs: GENESIS_TIME_MS + 60_000, ...change })

describe('lastOf()', () => {
  it('takes the highest certified head, whatever the order', () => {
    expect(lastOf([low, high], []).from).toBe('high')
    expect(lastOf([high, low], [headOf(low)]).from).toBe('high')
  })

  it('does not forget a head that is shown but whose ledger is not here', () => {
    expect(() => lastOf([low], [headOf(high)])).toThrow(
      /high: is certified at height 2, above every ledger given \(1\)/,
    )
  })

  it('stops at a fork and names both', async () => {
    const other = await survivor('other', ['another one'])
    expect(() => lastOf([high, other], [])).toThrow(/other and high hold different certified blocks at height 1/)
    expect(() => lastOf([high], [headOf(other)])).toThrow(/forked/)
  })

  it('refuses a head without a quorum', () => {
    const shown = headOf(low)
    const signatures = shown.commitCert.signatures.slice(1)
    expect(() => lastOf([high], [{ ...shown, commitCert: { ...shown.commitCert, signatures } }])).toThrow(/not valid/)
  })
})

describe('a genesis that goes on', () => {
  it('survives its encoding, has the validators that are left with their seats, and counts what is lost', async () => {
    high.proposer.propose([put('uncertified')])
    const block = high.proposer.propose([put('stored, uncertified')])
    await high.ledger.persist({ blocks: [block] })
    const made = build(high)
    expect(fromBytes(genesisCodec, toBytes(genesisCodec, made))).toEqual(made)
    expect(made.predecessor?.validators).toMatchObject({ epoch: 1, b: 0 })
    expect(made.predecessor?.validators.members.map(({ seat }) => seat)).toEqual([0, 1])
    expect(made.founders.map(({ name }) => name)).toEqual(['Alpha', 'Beta'])
    const again = await openLedger({ store: high.store, genesis: fixtureGenesis })
    expect(uncertifiedOf({ ledger: again })).toMatchObject({ blocks: 1, transactions: 1, to: 3 })
  })

  it('is borne out by the ledger at its end, and by no other', async () => {
    const made = build(high)
    expect(disagreement(made, high)).toBeNull()
    expect(disagreement(made, low)).toMatch(/ends at height 1, before height 2/)
    expect(disagreement(build(low), high)).toMatch(/certified blocks up to height 2; the genesis goes on from 1/)
    const other = await survivor('other', ['another one', 'and another'])
    expect(disagreement(made, other)).toMatch(/a fork/)
    expect(disagreement(fixtureGenesis, high)).toMatch(/goes on from no chain/)
    const predecessor = made.predecessor as NonNullable<Genesis['predecessor']>
    const differs = (change: Partial<typeof predecessor>) =>
      disagreement({ ...made, predecessor: { ...predecessor, ...change } }, high)
    expect(differs({ stateRoot: idOf('x') as never })).toMatch(/another stateRoot/)
    expect(differs({ voters: predecessor.voters.slice(1) })).toMatch(/another voters/)
    expect(differs({ validators: { ...predecessor.validators, epoch: 2 as never } })).toMatch(/another validators/)
    expect(disagreement({ ...made, contracts: made.contracts.slice(1) }, high)).toMatch(/another contracts/)
    expect(disagreement({ ...made, founders: made.founders.map((f) => ({ ...f, name: 'Other' })) }, high)).toMatch(
      /another founders/,
    )
  })

  it('carries the state over from any ledger at its end, and from none before it', async () => {
    const made = build(high)
    const to = new MemoryStore()
    await carryOver({ from: high.store, to, genesis: made })
    const ledger = await openLedger({ store: to, genesis: made })
    expect(ledger.chainId).toBe(chainIdOf(made))
    expect(ledger.head.header).toMatchObject({ height: 0, epoch: 1, stateRoot: made.predecessor?.stateRoot })
    expect(ledger.validators.members.map(({ seat }) => seat)).toEqual([0, 1])
    await expect(carryOver({ from: low.store, to: new MemoryStore(), genesis: made })).rejects.toMatchObject({
      code: 'NOT_ON_CHAIN',
    })
    await expect(openLedger({ store: new MemoryStore(), genesis: made })).rejects.toThrow(/assent recover apply/)
  })

  it('is verified where its folder began with a snapshot, too: without the ledger before it', async () => {
    const made = build(high)
    const to = new MemoryStore()
    await carryOver({ from: high.store, to, genesis: made })
    const ledger = await openLedger({ store: to, genesis: made })
    const proposer = new Proposer(ledger)
    const MINUTES_MS = 60_000
    for (let i = 1; i <= 15; i++) {
      const timeMs = made.timeMs + i * MINUTES_MS
      const terms = { chainId: ledger.chainId, expiresAtMs: timeMs + MINUTES_MS }
      await proposer.commit([put(`after ${i}`, terms)], { timeMs, epoch: 1 as Epoch })
    }
    const folder = mkdtempSync(join(tmpdir(), 'assent-recovered-'))
    try {
      const store = await openLevelStore(folder)
      const { baseHeight } = await snapshotInto(store, { ledger, verifier: verifierOf(ledger) })
      await store.close()
      expect(baseHeight).toBeGreaterThan(1)
      expect(await verifyChain({ folder, genesis: made })).toMatchObject({ ok: true, from: baseHeight, height: 15 })
      const other = build(high, { nowMs: made.timeMs + 1 })
      expect(await verifyChain({ folder, genesis: other })).toMatchObject({ ok: false })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('needs at least one validator among those that are left', () => {
    expect(() => build(high, { surviving: [] })).toThrow(/none of these institutions is a validator/)
  })
})
