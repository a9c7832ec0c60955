import { describe, expect, test } from 'vitest'
import { EpochLinkError, followEpochLink } from '../consensus/epoch-chain.ts'
import { createE3 } from '../consensus/evidence/e3.ts'
import { convictShown, decodeShownEvidence, encodeShownEvidence } from '../consensus/evidence/shown-evidence.ts'
import type { VoteBy } from '../consensus/evidence/statements.ts'
import { encodeKey, stateKeyPrefix } from '../contracts/vm/key.ts'
import type { Block } from '../types/block.ts'
import { type Epoch, type Hash, type Height, type Seat, type Term, ZERO_HASH } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import { type EpochLink, epochLinkCodec } from '../types/epoch-link.ts'
import { encodeBlock, voteMessage } from '../types/signing.ts'
import { setEntryKey } from '../types/validator-set-entry.ts'
import {
  addition,
  certify,
  chainId,
  createLedger,
  genesis,
  idOf,
  put,
  removal,
  signerNamed,
  validators,
} from './consortium.fixture.ts'
import { blockKey } from './keys.ts'
import { MemoryStore } from './memory-store.ts'
import { openLedger } from './open-ledger.ts'
import { replayChain, verifierOf } from './replay-chain.ts'

const [first, second] = [1, 2] as readonly number[] as readonly [Epoch, Epoch]
const seatsOf = (set: { members: readonly { seat: number }[] } | null | undefined): number[] | undefined =>
  set?.members.map(({ seat }) => seat)

/** Delta leaves, comes back under another key; a block is certified in every epoch. */
async function throughTwoEpochs() {
  const made = await createLedger()
  const { proposer } = made
  await proposer.commit([put('before')])
  const leaving = await proposer.commit([removal('Delta')])
  const opening = await proposer.commit([put('one'), addition('Delta', 'Delta, again')], { epoch: first })
  const last = await proposer.commit([put('two')], { epoch: second })
  return { ...made, leaving, opening, last }
}

describe('the ledger of a chain whose validators change', () => {
  test('knows the pending set, and counts it from the certified block on', async () => {
    const { ledger, proposer } = await createLedger()
    const block = proposer.propose([removal('Delta')])
    expect(seatsOf(ledger.nextSetOf(block.hash))).toEqual([0, 1, 2])
    expect(ledger.epoch).toBe(0)
    expect(ledger.setOf(first)).toBeUndefined()
    await ledger.persist({ blocks: [block] })
    await ledger.commit(certify(block))
    expect(ledger.epoch).toBe(1)
    expect(ledger.validators).toMatchObject({ epoch: 1, b: 1, decidedAt: 1 })
    expect(seatsOf(ledger.setOf(first))).toEqual([0, 1, 2])
    expect(ledger.setOf(0 as Epoch)).toEqual(validators)
  })

  test('holds every set there was, also when it is opened again', async () => {
    const { store } = await throughTwoEpochs()
    const ledger = await openLedger({ store, genesis })
    expect(ledger.epoch).toBe(2)
    expect([0, 1, 2, 3].map((epoch) => seatsOf(ledger.setOf(epoch as Epoch)))).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2],
      [0, 1, 2, 4],
      undefined,
    ])
  })

  test('restores a change that was pending', async () => {
    const { proposer, store } = await createLedger()
    await proposer.commit([removal('Delta')])
    const again = await openLedger({ store, genesis })
    expect(again.epoch).toBe(1)
    expect(seatsOf(again.nextSetOf(again.head.hash))).toEqual([0, 1, 2])
  })

  test('refuses blocks that are not of their epoch', async () => {
    const { ledger, proposer } = await createLedger()
    const early = proposer.propose([put('early')])
    const next = { ...early, header: { ...early.header, epoch: first } }
    expect(ledger.check(next)).toMatchObject({ refusal: { code: 'EPOCH' } })

    const decided = await proposer.commit([removal('Delta')])
    const late = { timeMs: decided.header.timeMs + 9 }
    const old = proposer.propose([put('old')], { ...late, epoch: 0 as Epoch })
    expect(ledger.check(old)).toMatchObject({ refusal: { code: 'EPOCH' } })
    const opening = proposer.propose([], { ...late, epoch: first })
    expect(ledger.check(opening)).toMatchObject({ ok: true })
    const bare: Block = { ...opening, epochCert: null }
    expect(ledger.check(bare)).toMatchObject({ refusal: { code: 'EPOCH' } })
    const tooLow = { ...certify(early), height: 0 as never }
    expect(ledger.check({ ...opening, epochCert: tooLow })).toMatchObject({ refusal: { code: 'EPOCH' } })
  })

  test('makes a commit good that a crash took back, before it goes on in the next epoch', async () => {
    const { ledger, proposer, store } = await createLedger()
    const decided = proposer.propose([removal('Delta')])
    await ledger.persist({ blocks: [decided] })
    await ledger.commit(certify(decided))
    const opening = proposer.propose([put('one')], { epoch: first })
    await ledger.persist({ blocks: [opening] })
    const again = await openLedger({ store: store.afterCrash({ lost: 1 }), genesis })
    expect(again.head.hash).toBe(decided.hash)
    expect(again.epoch).toBe(1)
    expect(again.restored.uncommitted.map(({ hash }) => hash)).toEqual([opening.hash])
  })

  test('is verified with the set of every epoch', async () => {
    const { store, opening } = await throughTwoEpochs()
    const replay = async (stored: MemoryStore) => {
      const ledger = await openLedger({ store: new MemoryStore(), genesis })
      const result = await replayChain(stored, { ledger, onProgress: undefined })
      return { ...result, epoch: ledger.epoch }
    }
    expect(await replay(store)).toEqual({ claimedHeight: 4, fault: undefined, epoch: 2 })
    const key = blockKey(opening.header.height, opening.hash)
    const few = { ...(opening.epochCert as NonNullable<typeof opening.epochCert>), signatures: [] }
    await store.write([{ type: 'put', key, value: encodeBlock({ ...opening, epochCert: few }) }], { sync: true })
    expect(await replay(store)).toMatchObject({
      fault: { height: 3, what: expect.stringContaining('certificate of the epoch') },
    })
  })
})

describe('epoch links', () => {
  test('lead from the validators of the genesis to the present ones', async () => {
    const { ledger } = await throughTwoEpochs()
    const { chainId, verify } = verifierOf(ledger)
    const links = ledger.epochLinks(second)
    expect(links).toHaveLength(2)
    const [one, two] = links as readonly [EpochLink, EpochLink]
    const after = followEpochLink(one, { set: validators, chainId, verify })
    expect(after).toEqual(ledger.setOf(first))
    expect(followEpochLink(two, { set: after, chainId, verify })).toEqual(ledger.setOf(second))
  })

  test('show nothing when anything in them is another', async () => {
    const { ledger } = await throughTwoEpochs()
    const { verify } = verifierOf(ledger)
    const [link, later] = ledger.epochLinks(second) as readonly [EpochLink, EpochLink]
    const other = idOf('another') as string as Hash
    const { header, commitCert, entry, proof } = link
    const [step, ...steps] = proof.steps
    const changed = entry.slice()
    changed.set([(changed.at(-1) ?? 0) ^ 1], changed.length - 1)
    const wrong: EpochLink[] = [
      later,
      { ...link, header: { ...header, stateRoot: other } },
      { ...link, header: later.header, commitCert: later.commitCert },
      { ...link, commitCert: { ...commitCert, blockHash: other } },
      { ...link, commitCert: { ...commitCert, epoch: 1 as Epoch } },
      { ...link, commitCert: { ...commitCert, height: 1 as never } },
      { ...link, commitCert: { ...commitCert, signatures: commitCert.signatures.slice(1) } },
      { ...link, entry: changed },
      { ...link, entry: later.entry, proof: later.proof },
      { ...link, proof: { ...proof, leaf: null } },
      { ...link, proof: { ...proof, steps } },
      { ...link, proof: { ...proof, steps: [{ ...(step as NonNullable<typeof step>), mask: 3 }, ...steps] } },
    ]
    for (const [i, made] of wrong.entries()) {
      expect(() => followEpochLink(made, { set: validators, chainId, verify }), `change ${i}`).toThrow(EpochLinkError)
    }
    expect(toBytes(epochLinkCodec, link).length).toBeLessThan(8_000)
  })
})

describe('evidence of a later epoch', () => {
  const [seat, key] = [4 as Seat, signerNamed('Delta, again')]
  /** By the validator that came with epoch 2. */
  const vote = (candidate: number): VoteBy => {
    const tip = { term: 0 as Term, height: 0 as Height, hash: ZERO_HASH }
    const said = { chainId, epoch: second, term: 9 as Term, candidate: candidate as Seat, tip, releasesHash: ZERO_HASH }
    return { member: seat, vote: said, signature: key.sign(voteMessage(said)) }
  }
  const evidence = createE3(vote(0), vote(1))

  test('convicts, for whoever holds the genesis, by the links that are shown with it, and by no others', async () => {
    const { ledger } = await throughTwoEpochs()
    const { verify } = verifierOf(ledger)
    const judge = (epochs: readonly EpochLink[]) => {
      const file = encodeShownEvidence({ evidence, epochs })
      return convictShown(decodeShownEvidence(file), { first: validators, chainId, verify }).accused
    }
    const links = ledger.epochLinks(second)
    expect(judge(links)).toEqual([seat])
    expect(judge([])).toEqual([])
    expect(judge(links.slice(0, 1))).toEqual([])
    expect(() => judge(links.slice(1))).toThrow(EpochLinkError)
  })
})

describe('setEntryKey()', () => {
  test('is the key under which the contract writes', () => {
    const prefix = stateKeyPrefix('validators', 'sets')
    for (const epoch of [0, 1, 255, 256, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
      expect(setEntryKey(epoch)).toEqual(encodeKey(prefix, [{ kind: 'int' }], [epoch]))
    }
  })
})
