import { describe, expect, test } from 'vitest'
import { followIntroduction, type IntroducedTo } from '../consensus/introduction.ts'
import { encodeKey, stateKeyPrefix } from '../contracts/vm/key.ts'
import type { Epoch, Height, PublicKey } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import { INTRODUCTION_BYTES_MAX, type Introduction, introductionCodec } from '../types/introduction.ts'
import { transportKeyEntryKey } from '../types/transport-key-entry.ts'
import {
  addition,
  bytesOf,
  chainId,
  createLedger,
  genesis,
  idOf,
  put,
  removal,
  transaction,
  validators,
} from './consortium.fixture.ts'
import { createIntroduction, type IntroducingLedger } from './create-introduction.ts'
import { verifierOf } from './replay-chain.ts'

const NEW_KEY = idOf('new transport key') as string as PublicKey
const START = { epoch: 0 as Epoch, height: 0 as Height }

/** Two epochs on, and the transport key of a founder is another one. */
async function throughTwoEpochs() {
  const { ledger, proposer } = await createLedger()
  const addKey = {
    contract: 'registry',
    method: 'addKey',
    args: [bytesOf('Alpha'), 'transport', bytesOf('new transport key')],
  }
  await proposer.commit([removal('Delta')])
  await proposer.commit([transaction([addKey]), addition('Delta', 'Delta, again')], { epoch: 1 as Epoch })
  await proposer.commit([put('one')], { epoch: 2 as Epoch })
  const { verify } = verifierOf(ledger)
  const to: IntroducedTo = { chainId, verify, set: validators, height: 0 as Height, transportKey: NEW_KEY }
  const introduction = createIntroduction(ledger, { transportKey: NEW_KEY, to: START }) as Introduction
  return { ledger, to, introduction }
}

/** The value with one thing in it changed, for every thing in it: each field, item, byte string and digit of a hash. */
function* changed(value: unknown): Generator<unknown> {
  if (typeof value === 'number') {
    yield value + 1
    if (value > 0) yield value - 1
  } else if (typeof value === 'string') {
    for (const at of [0, value.length - 1]) {
      const digit = (Number.parseInt(value[at] as string, 16) ^ 1).toString(16)
      yield value.slice(0, at) + digit + value.slice(at + 1)
    }
  } else if (value instanceof Uint8Array) {
    for (const at of [0, value.length >> 1, value.length - 1]) {
      const copy = value.slice()
      copy[at] = (copy[at] as number) ^ 1
      yield copy
    }
    yield value.slice(1)
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      for (const other of changed(item)) yield value.with(i, other)
      yield value.toSpliced(i, 1)
      yield value.toSpliced(i, 0, item)
    }
    if (value.length > 1) yield value.toReversed()
  } else if (value !== null && typeof value === 'object') {
    for (const [name, field] of Object.entries(value)) {
      for (const other of changed(field)) yield { ...value, [name]: other }
    }
  }
}

describe('an introduction', () => {
  test('shows, to whoever knows the validators of the genesis, that the registry has a key', async () => {
    const { ledger, to, introduction } = await throughTwoEpochs()
    expect(introduction.links).toHaveLength(2)
    expect(followIntroduction(introduction, to)).toEqual({
      fault: null,
      set: ledger.setOf(2 as Epoch),
      registeredAt: 3,
    })
    expect(toBytes(introductionCodec, introduction).length).toBeLessThan(20_000)
  })

  test('begins where the receiver is: who knows the second set is shown one link, who knows the last none', async () => {
    const { ledger, to } = await throughTwoEpochs()
    for (const epoch of [1, 2] as Epoch[]) {
      const set = ledger.setOf(epoch)
      if (set === undefined) throw new Error('known')
      const made = createIntroduction(ledger, { transportKey: NEW_KEY, to: { epoch, height: 2 as Height } })
      expect(made?.links).toHaveLength(2 - epoch)
      expect(followIntroduction(made as Introduction, { ...to, set, height: 2 as Height })).toMatchObject({
        registeredAt: 3,
      })
    }
  })

  test('shows nothing once anything in it is another', async () => {
    const { to, introduction } = await throughTwoEpochs()
    let count = 0
    for (const other of changed(introduction)) {
      const shown = followIntroduction(other as Introduction, to)
      expect(shown, JSON.stringify(other)).toMatchObject({ fault: expect.any(String) })
      count++
    }
    expect(count).toBeGreaterThan(300)
  })

  test('shows nothing to another chain, of another key, from another set, or to whoever is as far', async () => {
    const { ledger, to, introduction } = await throughTwoEpochs()
    const faults = [
      { ...to, transportKey: idOf('Alpha') as string as PublicKey },
      { ...to, chainId: idOf('another chain') as string as typeof chainId },
      { ...to, set: ledger.setOf(1 as Epoch) ?? validators },
      { ...to, height: 3 as Height },
    ].map((change) => followIntroduction(introduction, change).fault)
    expect(faults).toEqual([
      'registration: the transport key is not in the state after the block',
      expect.stringMatching(/validators of epoch 1: CommitCert: foreignChain/),
      expect.stringMatching(/validators of epoch 2: CommitCert: foreignEpoch/),
      'registration: at height 3, expected above 3',
    ])
    expect(followIntroduction({ links: [], registration: null }, to).fault).toBe('it shows nothing')
  })

  test('is not made by whoever has nothing to show', async () => {
    const { ledger } = await throughTwoEpochs()
    const make = (transportKey: PublicKey, to: { epoch: Epoch; height: Height }) =>
      createIntroduction(ledger, { transportKey, to })
    expect(make(idOf('nobody') as string as PublicKey, START)).toBeNull()
    expect(make(NEW_KEY, { epoch: 2 as Epoch, height: 3 as Height })).toBeNull()
    expect(make(NEW_KEY, { epoch: 3 as Epoch, height: 1 as Height })).toBeNull()
    const fresh = await createLedger()
    const { transportKey } = genesis.founders[0] as (typeof genesis.founders)[number]
    expect(createIntroduction(fresh.ledger, { transportKey, to: START })).toBeNull()
  })

  test('of many epochs takes several messages, each within its bound, that go on from each other', async () => {
    const { ledger, to } = await throughTwoEpochs()
    const [link] = ledger.epochLinks(1 as Epoch)
    if (link === undefined) throw new Error('a link')
    // Only their sizes matter to how they are divided.
    const long: IntroducingLedger = {
      head: { ...ledger.head, header: { ...ledger.head.header, epoch: 100 as Epoch } },
      genesisBlock: ledger.genesisBlock,
      epochLinks: (epoch) =>
        Array.from({ length: epoch }, (_, i) => ({ ...link, header: { ...link.header, term: i as never } })),
      state: () => ledger.state(),
      stateProof: (key) => ledger.stateProof(key),
    }
    const terms: number[] = []
    let epoch = 0
    for (let messages = 0; messages < 20; messages++) {
      const made = createIntroduction(long, { transportKey: NEW_KEY, to: { epoch: epoch as Epoch, height: to.height } })
      if (made === null) throw new Error('made')
      expect(toBytes(introductionCodec, made).length).toBeLessThanOrEqual(INTRODUCTION_BYTES_MAX)
      terms.push(...made.links.map(({ header }) => header.term))
      epoch += made.links.length
      if (made.registration !== null) break
      expect(made.links.length).toBeGreaterThan(6)
    }
    expect(terms).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})

describe('transportKeyEntryKey()', () => {
  test('is the key under which the contract writes', () => {
    const prefix = stateKeyPrefix('registry', 'transports')
    expect(transportKeyEntryKey(NEW_KEY)).toEqual(encodeKey(prefix, [{ kind: 'key' }], [NEW_KEY]))
  })
})
