import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { verifyMerkleProof } from '../crypto/merkle.ts'
import { verifyRangeProof } from '../crypto/mountain-range.ts'
import { verifyStateProof } from '../crypto/state-proof.ts'
import type { Block } from '../types/block.ts'
import { type Hash, type Height, type Term, ZERO_HASH } from '../types/brand.ts'
import { blockHash, leaderCertHash } from '../types/signing.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import {
  bytesOf,
  call,
  certify,
  createGenesis,
  createLedger,
  GENESIS_TIME_MS,
  genesis,
  Proposer,
  put,
  transaction,
} from './consortium.fixture.ts'
import { encodeNumber, FORMAT_KEY } from './keys.ts'
import type { Ledger } from './ledger.ts'
import { openLevelStore } from './level-store.ts'
import { MemoryStore } from './memory-store.ts'
import { openLedger } from './open-ledger.ts'
import type { KeyValueStore } from './store.ts'

const height = (value: number): Height => value as Height
const notesOf = (ledger: Ledger, name = 'Alpha'): unknown => {
  const outcome = ledger.query(call('notesOf', bytesOf(name)), { timeMs: GENESIS_TIME_MS })
  return outcome.status === 'ok' ? outcome.value : outcome.code
}
const reopen = (store: KeyValueStore): Promise<Ledger> => openLedger({ store, genesis })

describe('a ledger', () => {
  test('begins with block 0, which everybody who has the genesis computes alike', async () => {
    const { ledger } = await createLedger()
    const { ledger: other } = await createLedger()
    expect(ledger.head).toMatchObject({ hash: ledger.genesisBlock.hash, commitCert: null })
    expect(ledger.genesisBlock).toEqual(other.genesisBlock)
    expect(ledger.block(height(0))?.hash).toBe(ledger.genesisBlock.hash)
  })

  test('refuses a genesis with a call that is refused, and names the call', async () => {
    const setup = [...genesis.setup, call('put', bytesOf('a'), bytesOf('one too many'))]
    const opening = openLedger({ store: new MemoryStore(), genesis: createGenesis({ setup }) })
    await expect(opening).rejects.toMatchObject({
      code: 'GENESIS_REFUSED',
      message: expect.stringMatching(/call 6 \(notes.put\)/),
    })
  })

  test('refuses a store of another chain and one of a newer format', async () => {
    const { store } = await createLedger()
    const other = openLedger({ store, genesis: createGenesis({ name: 'another one' }) })
    await expect(other).rejects.toMatchObject({ code: 'DATA_OTHER_CHAIN' })
    await store.write([{ type: 'put', key: FORMAT_KEY, value: encodeNumber(99) }], { sync: true })
    await expect(reopen(store)).rejects.toMatchObject({ code: 'DATA_NEWER_FORMAT' })
  })

  test('commit() of a block certifies its ancestors, in order, and makes all of it readable at once', async () => {
    const { ledger, proposer } = await createLedger()
    const first = proposer.propose([put('a')])
    const second = proposer.propose([put('b'), put('c')], { parent: first })
    const written = ledger.commit(certify(second))
    expect(ledger.head.hash).toBe(second.hash)
    expect(notesOf(ledger)).toBe(3)
    expect(ledger.locate(second.transactions[1]?.id as Hash)).toEqual({ height: 2, index: 1 })
    expect((await written).map(({ hash }) => hash)).toEqual([first.hash, second.hash])
    expect(ledger.commitCert(height(1))).toBe(undefined)
    expect(ledger.commitCertCovering(height(1))?.blockHash).toBe(second.hash)
    expect(ledger.block(height(1))?.hash).toBe(first.hash)
    expect(await ledger.commit(certify(first)), 'a certificate on an ancestor brings nothing new').toEqual([])
  })

  test('commit() refuses a block that was never executed', async () => {
    const { ledger } = await createLedger()
    const { proposer: elsewhere } = await createLedger()
    await expect(ledger.commit(certify(elsewhere.propose([put('a')])))).rejects.toMatchObject({ code: 'UNKNOWN_BLOCK' })
  })

  test('commit() drops the blocks of other branches, from memory and from the store', async () => {
    const { ledger, proposer, store } = await createLedger()
    const kept = proposer.propose([put('a')])
    const onKept = proposer.propose([put('b')], { parent: kept })
    const lost = proposer.propose([put('c')], { timeMs: GENESIS_TIME_MS + 5_000 })
    const onLost = proposer.propose([put('d')], { parent: lost })
    await ledger.persist({ blocks: [kept, onKept, lost, onLost] })
    await ledger.commit(certify(kept))
    const known = (of: Ledger) => [kept, onKept, lost, onLost].map(({ hash }) => of.block(hash) !== undefined)
    expect(known(ledger)).toEqual([true, true, false, false])
    expect([onKept, onLost].map(({ hash }) => ledger.isExecuted(hash))).toEqual([true, false])
    const again = await reopen(store)
    expect(known(again)).toEqual([true, true, false, false])
    expect(again.restored.uncommitted.map(({ hash }) => hash)).toEqual([onKept.hash])
  })

  test('uncommitted branches see their own state, not each other', async () => {
    const { ledger, proposer } = await createLedger()
    const left = proposer.propose([put('a')])
    const right = proposer.propose([put('a', { by: 'Beta' })], { timeMs: GENESIS_TIME_MS + 7_000 })
    const next = (parent: Block) =>
      ledger.execute({
        parentHash: parent.hash,
        epoch: parent.header.epoch,
        timeMs: parent.header.timeMs + 1,
        transactions: [put('a')],
      })
    const counts = [left, right].map((parent) => {
      const execution = next(parent)
      return execution.ok && execution.executed.receipts[0]?.calls[0]?.value
    })
    expect(counts).toEqual([2, 1])
  })
})

describe('a ledger that is opened again', () => {
  test('goes on where it ended: head, state, receipts, certificates and blocks that wait', async () => {
    const { ledger, proposer, store } = await createLedger()
    const [a, b] = [put('a'), put('b')]
    await proposer.commit([a])
    await proposer.commit([b])
    const waiting = proposer.propose([put('c')])
    await ledger.persist({ blocks: [waiting] })

    const again = await reopen(store)
    expect(again.head).toEqual(ledger.head)
    expect(notesOf(again)).toBe(2)
    expect(again.receipt(a.id)).toEqual(ledger.receipt(a.id))
    expect(again.restored.uncommitted.map(({ hash }) => hash)).toEqual([waiting.hash])
    expect(again.restored.leaderCerts).toEqual([proposer.leaderCert])
    expect(again.counters.executedBlocks, 'only the waiting block is executed again').toBe(1)
    await again.commit(certify(waiting))
    expect(notesOf(again)).toBe(3)
    const next = new Proposer(again)
    next.elect(2, again.head)
    await next.commit([put('d')])
    expect(notesOf(await reopen(store))).toBe(4)
  })

  test('still refuses what its chain holds, and answers for it', async () => {
    const { proposer, store } = await createLedger()
    const once = put('a')
    await proposer.commit([once])
    const again = await reopen(store)
    expect(again.isRecent(once.id)).toBe(true)
    const execution = again.execute({
      parentHash: again.head.hash,
      epoch: again.head.header.epoch,
      timeMs: GENESIS_TIME_MS + 60_000,
      transactions: [once],
    })
    expect(execution).toMatchObject({ ok: false, refusal: { transaction: { code: 'DUPLICATE' } } })
    expect(again.receipt(once.id)?.calls[0]?.value).toBe(1)
  })

  test('after a crash stands at some commit, whole, and reaches the same roots again', async () => {
    const { ledger, proposer, store } = await createLedger()
    const blocks: Block[] = []
    for (let i = 0; i < 6; i++) blocks.push(await proposer.commit([put(`note ${i}`), put('shared', { by: 'Beta' })]))
    expect(store.unsyncedWrites).toBeGreaterThan(0)
    for (let lost = 0; lost <= 7; lost++) {
      const crashed = store.afterCrash({ lost })
      const again = await reopen(crashed)
      const at = again.head.header.height
      expect(again.head.header.stateRoot).toBe(blocks[at - 1]?.header.stateRoot ?? ledger.genesisBlock.header.stateRoot)
      expect(notesOf(again)).toBe(at)
      // What was persisted is there; what was not comes from a peer.
      for (const block of blocks.slice(at)) {
        const run = { blocks: [block], leaderCerts: [proposer.leaderCert], cert: certify(block) }
        expect(await again.applyCertified(run)).toEqual({ ok: true })
      }
      expect(again.head.hash).toBe(ledger.head.hash)
    }
  })

  test('on LevelDB holds the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assent-chain-'))
    const ledger = await reopen(await openLevelStore(folder))
    const proposer = new Proposer(ledger)
    for (let i = 0; i < 5; i++) await proposer.commit([put(`note ${i}`)])
    const { head } = ledger
    await ledger.close()
    const again = await reopen(await openLevelStore(folder))
    expect(again.head).toEqual(head)
    expect(notesOf(again)).toBe(5)
    await again.close()
    rmSync(folder, { recursive: true })
  })
})

describe('applyCertified()', () => {
  const chainOf = async (length: number) => {
    const { ledger, proposer } = await createLedger()
    const blocks: Block[] = []
    for (let i = 0; i < length; i++) blocks.push(await proposer.commit([put(`note ${i}`)]))
    return { ledger, proposer, blocks }
  }

  test('brings a new node to the head, with the certificate of the last block alone', async () => {
    const { ledger, proposer, blocks } = await chainOf(4)
    const { ledger: late, store } = await createLedger()
    const run = { blocks, leaderCerts: [proposer.leaderCert], cert: certify(blocks[3] as Block) }
    expect(await late.applyCertified(run)).toEqual({ ok: true })
    expect(late.head.hash).toBe(ledger.head.hash)
    expect(late.leaderCert(1 as Term)).toEqual(proposer.leaderCert)
    expect(await late.applyCertified(run), 'again').toEqual({ ok: true })
    expect((await reopen(store)).head.hash).toBe(ledger.head.hash)
  })

  test('names the height of the first block that does not execute to its roots', async () => {
    const { proposer, blocks } = await chainOf(3)
    const { ledger: late } = await createLedger()
    const second = blocks[1] as Block
    const header = { ...second.header, stateRoot: ZERO_HASH }
    const forged = [blocks[0] as Block, { ...second, header, hash: blockHash(header) }]
    const cert = certify(forged[1] as Block)
    const result = await late.applyCertified({ blocks: forged, leaderCerts: [proposer.leaderCert], cert })
    expect(result).toMatchObject({ ok: false, height: 2, refusal: { code: 'STATE_ROOT' } })
    expect(late.head.header.height).toBe(0)
  })

  test('refuses a certificate that is not on a block of the run', async () => {
    const { proposer, blocks } = await chainOf(3)
    const { ledger: late } = await createLedger()
    const run = { blocks: blocks.slice(0, 2), leaderCerts: [proposer.leaderCert], cert: certify(blocks[2] as Block) }
    await expect(late.applyCertified(run)).rejects.toMatchObject({ code: 'NOT_ON_CHAIN' })
  })
})

describe('reads', () => {
  test('a receipt proof leads from the receipt to a certificate, on its own block or on a descendant', async () => {
    const { ledger, proposer } = await createLedger()
    const transactions = Array.from({ length: 5 }, (_, i) => put(`note ${i}`))
    const first = proposer.propose(transactions)
    const second = proposer.propose([put('x')], { parent: first })
    const third = proposer.propose([put('y')], { parent: second })
    await ledger.commit(certify(third))
    await proposer.commit([put('z')])
    const proofs = [...transactions, ...third.transactions].map(({ id }) => ledger.receiptProof(id))
    expect(proofs.map((proof) => proof?.ancestry === null)).toEqual([false, false, false, false, false, true])
    for (const proof of proofs) {
      if (proof === undefined) throw new Error('no proof')
      const { index, leafCount, path, receipt, header, commitCert, ancestry } = proof
      expect(verifyMerkleProof({ index, leafCount, path }, { root: header.receiptRoot, leaf: receipt })).toBe(true)
      expect(commitCert.blockHash).toBe(blockHash(ancestry?.descendant ?? header))
      if (ancestry === null) continue
      const claim = {
        root: ancestry.descendant.logRoot,
        size: ancestry.descendant.height,
        leafIndex: header.height,
        leaf: blockHash(header),
      }
      expect(verifyRangeProof(ancestry, claim)).toBe(true)
    }
    expect(ledger.receiptProof(ZERO_HASH)).toBe(undefined)
  })

  test('stateProof() shows what is there and what is not', async () => {
    const { ledger, proposer } = await createLedger()
    await proposer.commit([put('a'), put('b')])
    const root = ledger.head.header.stateRoot
    const [entry] = ledger.state().range(new TextEncoder().encode('notes\0notes\0'), { limit: 1 })
    if (entry === undefined) throw new Error('no note')
    const [key, value] = entry
    expect(verifyStateProof(ledger.stateProof(key), { root, key, value })).toBe(true)
    expect(verifyStateProof(ledger.stateProof(key), { root, key, value: undefined })).toBe(false)
    const absent = Uint8Array.from(key).fill(0x33, -3)
    expect(verifyStateProof(ledger.stateProof(absent), { root, key: absent, value: undefined })).toBe(true)
    expect(verifyStateProof(ledger.stateProof(absent), { root, key: absent, value })).toBe(false)
  })

  test('eventsFrom() pages through all events in order, from any cursor', async () => {
    const { ledger, proposer } = await createLedger()
    const twoCalls = (a: string, b: string): SignedTransaction =>
      transaction([call('put', bytesOf(a)), call('put', bytesOf(b))])
    await proposer.commit([twoCalls('a', 'b'), put('c')])
    await proposer.commit([])
    await proposer.commit([put('d', { by: 'Beta' })])
    const seen: string[] = []
    let cursor = { height: 0, index: 0 }
    for (let more = true; more; ) {
      const page = ledger.eventsFrom(cursor, { limit: 2 })
      seen.push(...page.events.map(({ height, index, callIndex }) => `${height}/${index}/${callIndex}`))
      cursor = page.next
      more = page.more
    }
    expect(seen).toEqual(['1/0/0', '1/1/1', '1/2/0', '3/0/0'])
    expect(cursor).toEqual({ height: 4, index: 0 })
    const only = ledger.eventsFrom(
      { height: 1, index: 1 },
      { limit: 9, matches: ({ fields }) => (fields as { count: number }).count === 1 },
    )
    expect(only.events.map(({ height, index }) => [height, index])).toEqual([
      [1, 1],
      [1, 2],
      [3, 0],
    ])
  })

  test('leaderCert() answers the certificate that the certified chain carries', async () => {
    const { ledger, proposer } = await createLedger()
    await proposer.commit([put('a')])
    const used = proposer.elect(2, ledger.head)
    await proposer.commit([put('b')])
    // Another valid certificate of the same term, heard of later.
    const other = { ...used, signatures: used.signatures.slice(1) }
    await ledger.persist({ leaderCerts: [other] })
    expect(ledger.leaderCertByHash(leaderCertHash(other))).toEqual(other)
    expect(ledger.leaderCert(2 as Term)).toEqual(used)
    expect(ledger.leaderCert(3 as Term)).toBe(undefined)
  })
})
