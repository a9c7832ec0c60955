// A snapshot is taken from a ledger and built into another store; then one thing after the other in it is forged.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import { createGenesis, createLedger, GENESIS_TIME_MS, genesis, idOf, Proposer, put } from './consortium.fixture.ts'
import { receiptsKey } from './keys.ts'
import type { Ledger } from './ledger.ts'
import { openLevelStore } from './level-store.ts'
import { MemoryStore } from './memory-store.ts'
import { openLedger } from './open-ledger.ts'
import { verifierOf } from './replay-chain.ts'
import { type Hands, snapshotInto } from './snapshot.fixture.ts'
import { SnapshotBuilder } from './snapshot-builder.ts'
import type { SnapshotManifest, StatePiece } from './snapshot-format.ts'
import type { SnapshotSource } from './snapshot-source.ts'
import { SnapshotConflict, SnapshotFault } from './state-walk.ts'
import type { KeyValueStore } from './store.ts'
import { verifyChain } from './verify-chain.ts'

const MINUTE_MS = 60_000

let ledger: Ledger
let oldId: Hash
let recentId: Hash
const folder = mkdtempSync(join(tmpdir(), 'assent-snapshot-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const later = { expiresAtMs: GENESIS_TIME_MS + 17 * MINUTE_MS }

/** Three terms, 30 blocks over 15 minutes, some hundred entries in the state. */
beforeAll(async () => {
  const made = await createLedger()
  ledger = made.ledger
  const { proposer } = made
  for (let i = 0; i < 30; i++) {
    if (i === 10 || i === 25) proposer.elect(i, ledger.head)
    const timeMs = GENESIS_TIME_MS + (i + 1) * 0.5 * MINUTE_MS
    const transactions = Array.from({ length: 8 }, (_, k) =>
      put(`note ${i} ${k}`, { expiresAtMs: timeMs + 5 * MINUTE_MS, by: k % 2 === 0 ? 'Alpha' : 'Beta' }),
    )
    if (i === 2) oldId = (transactions[0] as { id: Hash }).id
    if (i === 20) recentId = (transactions[3] as { id: Hash }).id
    await proposer.commit(transactions, { timeMs })
  }
})

/** Builds it from `source` into `store`. */
const build = (store: KeyValueStore, hands: Partial<Hands> = {}, source: SnapshotSource = ledger.snapshot()) =>
  snapshotInto(store, { ledger, verifier: verifierOf(ledger), hands, source })

/** The first thing of its kind that comes is changed. */
function once<T>(change: (value: T) => T): (value: T) => T {
  let isDone = false
  return (value) => {
    if (isDone) return value
    isDone = true
    return change(value)
  }
}

describe('a ledger built from a snapshot', () => {
  test('has the head, the state, the ids and receipts of the last ten minutes, and goes on', async () => {
    const store = await openLevelStore(join(folder, 'whole'))
    const builder = await build(store)
    expect(builder.baseHeight).toBeGreaterThan(1)
    const own = await openLedger({ store, genesis })
    expect(own.head).toEqual(ledger.head)
    expect([...own.state().range(new Uint8Array(), { limit: 10_000 })]).toEqual([
      ...ledger.state().range(new Uint8Array(), { limit: 10_000 }),
    ])
    expect(own.receiptProof(recentId)).toEqual(ledger.receiptProof(recentId))
    expect(own.isRecent(recentId)).toBe(true)
    expect([10, 25].map((term) => own.leaderCert(term as never))).toEqual(
      [10, 25].map((term) => ledger.leaderCert(term as never)),
    )

    const proposer = new Proposer(own)
    proposer.elect(40, own.head)
    await proposer.commit([put('after', later)], { timeMs: GENESIS_TIME_MS + 16 * MINUTE_MS })
    const id = own.block(own.head.header.height)?.transactions[0]?.id as Hash
    expect(own.receiptProof(id)).toMatchObject({ index: 0, ancestry: null })
    // The earlier certificate was on the block itself; a proof over the new head asks for peaks below the snapshot.
    expect(own.receiptProof(recentId)).toBeDefined()
    await own.close()
  })

  test('refuses a repeated id that only its blocks remember, and says what it does not have', async () => {
    const store = new MemoryStore()
    const { baseHeight } = await build(store)
    const own = await openLedger({ store, genesis })
    const repeated = own.block(own.locate(recentId)?.height as never)?.transactions[3]
    const draft = {
      parentHash: own.head.hash,
      epoch: own.epoch,
      timeMs: own.head.header.timeMs + 1,
      transactions: [repeated as never],
    }
    // It would be EXPIRED by now, and is asked for as an id.
    expect(own.isInChain(own.head.hash, recentId)).toBe(true)
    expect(own.execute(draft)).toMatchObject({ ok: false })
    expect(own.receiptProof(oldId)).toBeUndefined()
    expect(own.baseHeight).toBe(baseHeight)
    expect(() => own.receipts(3 as never)).toThrow(`has blocks, receipts and events from height ${baseHeight} on`)
    expect(() => own.eventsFrom({ height: 0, index: 0 }, { limit: 1 })).toThrow(/ask another node/)
    expect(own.eventsFrom({ height: baseHeight, index: 0 }, { limit: 1 }).events).toHaveLength(1)
  })

  test('serves a snapshot itself, once ten minutes of its own have passed', async () => {
    const store = new MemoryStore()
    await build(store)
    const own = await openLedger({ store, genesis })
    const proposer = new Proposer(own)
    proposer.elect(40, own.head)
    await proposer.commit([put('after', later)], { timeMs: GENESIS_TIME_MS + 16 * MINUTE_MS })
    const manifest = own.snapshot().manifest()
    expect(manifest?.before.height).toBeGreaterThanOrEqual(own.baseHeight - 1)
    expect(
      own
        .snapshot()
        .terms(own.head.header.leaderCertHash)
        .map(({ certificate }) => certificate.term),
    ).toEqual([40, 25, 10, 1])
  })

  test('is of the moment at which it was opened, however far the chain goes meanwhile', async () => {
    const made = await createLedger()
    await made.proposer.commit([put('one')])
    const source = made.ledger.snapshot()
    await made.proposer.commit([put('two')])
    expect(source.manifest()?.head.header.height).toBe(1)
  })
})

describe('assent verify on a folder that began with a snapshot', () => {
  test('checks it from there on, and names the height of what was altered', async () => {
    const verified = join(folder, 'verified')
    const store = await openLevelStore(verified)
    const { baseHeight } = await build(store)
    const own = await openLedger({ store, genesis })
    const proposer = new Proposer(own)
    proposer.elect(40, own.head)
    await proposer.commit([put('after', later)], { timeMs: GENESIS_TIME_MS + 16 * MINUTE_MS })
    await own.close()
    const report = await verifyChain({ folder: verified, genesis })
    expect(report).toMatchObject({ ok: true, from: baseHeight, height: 31 })

    const altered = await openLevelStore(verified)
    const key = receiptsKey(20)
    await altered.write([{ type: 'put', key, value: altered.get(receiptsKey(21)) as Uint8Array }], { sync: true })
    await altered.close()
    expect(await verifyChain({ folder: verified, genesis })).toMatchObject({ ok: false, fault: { height: 20 } })
  })
})

describe('a snapshot for who has certified blocks of its own', () => {
  const taken = (held: Pick<Block, 'hash' | 'header'>, hands: Partial<Hands> = {}): Promise<SnapshotBuilder> =>
    snapshotInto(new MemoryStore(), { ledger, verifier: verifierOf(ledger), hands, held })
  const forked = async (): Promise<Ledger['head']> => {
    const other = await createLedger()
    await other.proposer.commit([put('another')])
    return other.ledger.head
  }

  test.each([1, 9, 28, 29])('is taken where it is shown to hold block %i, its head', async (height) => {
    const builder = await taken(ledger.block(height as never) as Block)
    expect(builder.headHash).toBe(ledger.head.hash)
  })

  test('shows its blocks at the heights that are asked for', async () => {
    const asked = [3, 17, 99] as never
    const builder = await snapshotInto(new MemoryStore(), { ledger, verifier: verifierOf(ledger), asked })
    expect([...builder.shown]).toEqual([3, 17].map((height) => [height, ledger.block(height as never)?.hash]))
  })

  test('conflicts where the same validators have certified another block in that place (R5)', async () => {
    await expect(taken(await forked())).rejects.toThrow(SnapshotConflict)
  })

  test('is a forgery, and no conflict, where validators of an epoch that is over have signed it', async () => {
    const held = await forked()
    const later = { ...held, header: { ...held.header, epoch: (held.header.epoch + 1) as never } }
    await expect(taken(later)).rejects.toMatchObject({ name: 'SnapshotFault' })
  })

  test('is refused where what it shows is not true, or of another block', async () => {
    const held = await forked()
    const hands: readonly Partial<Hands>[] = [
      { lineage: (lineage) => ({ ...lineage, ancestor: held.hash }) },
      { lineage: (lineage) => ({ ...lineage, header: held.header, ancestor: held.hash }) },
      { lineage: (lineage) => ({ ...lineage, ancestor: held.hash, proof: { path: [], otherPeaks: [] } }) },
    ]
    for (const by of hands) await expect(taken(held, by)).rejects.toMatchObject({ name: 'SnapshotFault' })
  })

  test('cannot be had from who does not keep that height any more', async () => {
    const store = new MemoryStore()
    const { baseHeight } = await build(store)
    const own = await openLedger({ store, genesis })
    expect(own.snapshot().lineage(baseHeight - 1)).toBeNull()
    expect(own.snapshot().lineage(own.head.header.height)).toBeNull()
    expect(own.snapshot().lineage(baseHeight)).toEqual(ledger.snapshot().lineage(baseHeight))
  })
})

describe('a forged snapshot', () => {
  const changedHeader = <T extends { readonly stateRoot: Hash }>(header: T): T => ({
    ...header,
    stateRoot: idOf('x') as never,
  })
  const forgeries: readonly (readonly [string, Partial<Hands>])[] = [
    ['another state root', { manifest: (m) => ({ ...m, head: { ...m.head, header: changedHeader(m.head.header) } }) }],
    [
      'a CommitCert short of a signature',
      {
        manifest: (m) => ({ ...m, commitCert: { ...m.commitCert, signatures: m.commitCert.signatures.slice(1) } }),
      },
    ],
    [
      'a CommitCert of another height',
      { manifest: (m) => ({ ...m, commitCert: { ...m.commitCert, height: 3 as never } }) },
    ],
    [
      'blocks that begin too late',
      {
        manifest: (m) => {
          const before = ledger.header(28 as never)
          return { ...m, before: before as never, range: { size: 29, peaks: m.range.peaks.slice(0, 4) } }
        },
      },
    ],
    [
      'another past below its blocks',
      {
        manifest: (m) => ({ ...m, range: { ...m.range, peaks: m.range.peaks.map(() => idOf('y') as never) } }),
      },
    ],
    ['a LeaderCert left out', { terms: once((links) => links.slice(1)) }],
    [
      'a LeaderCert short of a signature',
      {
        terms: once((links) =>
          links.map((link) => ({
            ...link,
            certificate: { ...link.certificate, signatures: link.certificate.signatures.slice(1) },
          })),
        ),
      },
    ],
    [
      'another tip below a term',
      { terms: once((links) => links.map((link) => ({ ...link, tip: changedHeader(link.tip) }))) },
    ],
    ['no terms at all', { terms: () => [] }],
    [
      'a block with a transaction left out',
      {
        blocks: once((blocks) => blocks.map((block) => ({ ...block, transactions: block.transactions.slice(1) }))),
      },
    ],
    ['a block left out', { blocks: once(() => [ledger.block(29 as never) as Block]) }],
    ['other receipts', { receipts: once((pages) => [[Uint8Array.of(1)], ...pages.slice(1)]) }],
    ['no receipts', { receipts: () => [] }],
    [
      'another value in the state',
      {
        state: (pieces) =>
          pieces.map((piece) => ({
            ...piece,
            values: piece.values.map((value, i) => (i === 0 ? Uint8Array.of(0, ...value) : value)),
          })),
      },
    ],
    [
      'a value of the state left out',
      { state: (pieces) => pieces.map((piece) => ({ ...piece, values: piece.values.slice(1) })) },
    ],
    [
      'a value of the state too many',
      { state: (pieces) => pieces.map((piece) => ({ ...piece, values: [...piece.values, Uint8Array.of(1)] })) },
    ],
    [
      'branches of the state in another order',
      { state: (pieces) => [pieces[0] as StatePiece, ...pieces.slice(1).toReversed()] },
    ],
    ['an empty state', { state: () => [{ branch: Uint8Array.of(0), values: [] }] }],
    [
      'a branch cut short',
      {
        state: once((pieces) =>
          pieces.map((piece, i) => (i === 1 ? { ...piece, branch: piece.branch.slice(0, 20) } : piece)),
        ),
      },
    ],
  ]

  test.each(forgeries)('%s is refused, and the store is no ledger', async (_what, hands) => {
    const store = new MemoryStore()
    await expect(build(store, hands)).rejects.toThrow(SnapshotFault)
    await expect(openLedger({ store, genesis }))
      .rejects.toMatchObject({ code: 'DATA_CORRUPT' })
      .catch(async () => {
        // Refused before the first write: the store is empty still.
        expect((await openLedger({ store, genesis })).head.header.height).toBe(0)
      })
  })

  test('every byte of every branch counts: changed, it is refused, or the same tree is stored', async () => {
    const content = async (store: MemoryStore) => {
      const entries: string[] = []
      for await (const [key, value] of store.range({ from: new Uint8Array(), to: Uint8Array.of(0xff) })) {
        entries.push(`${key.toHex()}=${value.toHex()}`)
      }
      return entries
    }
    const whole = new MemoryStore()
    await build(whole)
    const expected = await content(whole)
    let refused = 0
    for (const [index, piece] of ledger.snapshot().state([]).slice(0, 12).entries()) {
      for (let at = 0; at < piece.branch.length; at += 7) {
        const branch = piece.branch.slice()
        branch[at] = (branch[at] as number) ^ 0x11
        const store = new MemoryStore()
        try {
          await build(store, { state: once((pieces) => pieces.toSpliced(index, 1, { ...piece, branch })) })
          expect(await content(store), `piece ${index}, byte ${at}`).toEqual(expected)
        } catch (error) {
          expect(error).toBeInstanceOf(SnapshotFault)
          refused++
        }
      }
    }
    expect(refused).toBeGreaterThan(100)
  })

  test('of another chain is refused', async () => {
    const other = await openLedger({ store: new MemoryStore(), genesis: createGenesis({ name: 'another' }) })
    const parts = {
      store: new MemoryStore(),
      genesisBlock: other.genesisBlock,
      verifier: verifierOf(other),
      held: other.genesisBlock,
      asked: [],
    }
    const manifest = ledger.snapshot().manifest() as SnapshotManifest
    expect(() => new SnapshotBuilder(parts, manifest)).toThrow('another chain')
  })
})
