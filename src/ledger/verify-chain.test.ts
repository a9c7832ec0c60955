import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Hash, Height } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import { commitCertCodec } from '../types/certificate.ts'
import { blockHash, encodeBlock } from '../types/signing.ts'
import type { ChainReport } from './chain-report.ts'
import { certify, createGenesis, genesis, Proposer, put } from './consortium.fixture.ts'
import {
  blockHeightKey,
  blockKey,
  certifiedKey,
  commitCertKey,
  HEAD_KEY,
  leaderCertKey,
  rangeNodeKey,
  receiptsKey,
  SPACE,
  type Space,
  spaceRange,
  transactionKey,
} from './keys.ts'
import { openLevelStore } from './level-store.ts'
import { openLedger } from './open-ledger.ts'
import type { KeyValueStore } from './store.ts'
import { verifyChain } from './verify-chain.ts'

const BLOCKS = 12
let root: string
let original: string
let blocks: Block[]
let copies = 0

const copy = (): string => {
  const folder = join(root, `copy ${++copies}`)
  cpSync(original, folder, { recursive: true })
  return folder
}
const check = (folder: string): Promise<ChainReport> => verifyChain({ folder, genesis })

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'assent-verify-test-'))
  original = join(root, 'original')
  blocks = []
  // A restart in the middle, so that there are tables and a log; two terms; a block that waits for its certificate.
  for (const term of [1, 2]) {
    const ledger = await openLedger({ store: await openLevelStore(original), genesis })
    const proposer = new Proposer(ledger)
    proposer.elect(term, ledger.head)
    for (let i = 0; i < BLOCKS / 2; i++) {
      blocks.push(await proposer.commit([put(`note ${i}`, { by: 'Beta' }), put(`note ${i} of ${term}`), put('shared')]))
    }
    if (term === 2) await ledger.persist({ blocks: [proposer.propose([put('waiting')])] })
    await ledger.close()
  }
})
afterAll(() => rmSync(root, { recursive: true }))

/** Changes entries in a copy through the database, so that all its checksums are right. */
async function reportAfter(change: (store: KeyValueStore) => Promise<void>): Promise<ChainReport> {
  const folder = copy()
  const store = await openLevelStore(folder)
  await change(store)
  await store.close()
  const report = await check(folder)
  rmSync(folder, { recursive: true })
  return report
}

const flipIn =
  (key: Uint8Array, at: number) =>
  async (store: KeyValueStore): Promise<void> => {
    const value = Uint8Array.from(store.get(key) as Uint8Array)
    const index = at < 0 ? value.length + at : at
    value[index] = (value[index] as number) ^ 1
    await store.write([{ type: 'put', key, value }], { sync: true })
  }
const heightOf = (report: ChainReport): number | string => (report.ok ? 'accepted' : report.fault.height)

describe('verifyChain()', () => {
  test('accepts the folder of a node, leaves it as it is, and says how far it came', async () => {
    const folder = copy()
    const contentOf = () =>
      readdirSync(folder).map((name) => `${name} ${readFileSync(join(folder, name)).toString('hex')}`)
    const before = contentOf()
    const seen: number[] = []
    const report = await verifyChain({ folder, genesis, onProgress: ({ height }) => seen.push(height) })
    expect(report).toEqual({ ok: true, from: 1, height: BLOCKS, transactions: 3 * BLOCKS })
    expect(seen).toEqual(Array.from({ length: BLOCKS }, (_, i) => i + 1))
    expect(contentOf()).toEqual(before)
  })

  test('refuses the chain of another genesis', async () => {
    const other = await verifyChain({ folder: copy(), genesis: createGenesis({ name: 'another' }) })
    expect(other).toMatchObject({ ok: false, fault: { height: 0 } })
  })

  test('refuses a folder that is no database', async () => {
    await expect(check(root)).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await expect(check(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  test('names the height of a block, receipt, certificate or index entry in which one bit was changed', async () => {
    const block = blocks[4] as Block
    const { height } = block.header
    const id = block.transactions[1]?.id as Hash
    const keys: [string, Uint8Array, readonly number[]][] = [
      ['block', blockKey(height, block.hash), [40, 700, -1]],
      ['receipts', receiptsKey(height), [30, -1]],
      ['CommitCert', commitCertKey(height), [50, 150, -1]],
      ['certified', certifiedKey(height), [-1]],
      ['blockHeight', blockHeightKey(block.hash), [7]],
      ['transaction', transactionKey(id), [11]],
      ['rangeNode', rangeNodeKey(7), [0]],
    ]
    for (const [name, key, positions] of keys) {
      for (const at of positions)
        expect(heightOf(await reportAfter(flipIn(key, at))), `${name}, byte ${at}`).toBe(height)
    }
  })

  test('finds a changed bit in state, tree, head and LeaderCerts', async () => {
    const keysIn = async (space: Space): Promise<Uint8Array[]> => {
      const store = await openLevelStore(copy())
      const keys: Uint8Array[] = []
      for await (const [key] of store.range(spaceRange(space))) keys.push(key)
      await store.close()
      return keys
    }
    const some = [SPACE.state, SPACE.branch, SPACE.leaderCert, SPACE.leaderCertOfTerm, SPACE.meta] as const
    for (const space of some) {
      const keys = await keysIn(space)
      expect(keys.length).toBeGreaterThan(1)
      const places = [
        [keys[0], -1],
        [keys.at(-1), 0],
      ] as const
      for (const [key, at] of places) {
        const report = await reportAfter(flipIn(key as Uint8Array, at))
        expect(heightOf(report), `key ${key?.toHex()}, byte ${at}`).not.toBe('accepted')
      }
    }
  })

  test('finds what was taken out and what was put in', async () => {
    const block = blocks[7] as Block
    const { height } = block.header
    const taken = [
      blockKey(height, block.hash),
      receiptsKey(height),
      transactionKey(block.transactions[0]?.id as Hash),
      certifiedKey(height),
    ]
    for (const key of taken) {
      expect(heightOf(await reportAfter((store) => store.write([{ type: 'del', key }], { sync: true })))).toBe(height)
    }
    const put = (key: Uint8Array, value: Uint8Array) => (store: KeyValueStore) =>
      store.write([{ type: 'put', key, value }], { sync: true })
    expect(heightOf(await reportAfter(put(receiptsKey(99), Uint8Array.of(0x80))))).toBe(BLOCKS + 1)
    expect(heightOf(await reportAfter(put(Uint8Array.of(0x7a, 1), Uint8Array.of(1))))).toBe(BLOCKS)
  })

  test('finds a block that was made anew, signed by a thief of one key, but without a quorum', async () => {
    const last = blocks.at(-1) as Block
    const changed = { ...last, header: { ...last.header, timeMs: last.header.timeMs + 1 } }
    const forged = { ...changed, hash: blockHash(changed.header) }
    const { height } = last.header
    const report = await reportAfter(async (store) => {
      const key = blockKey(height, forged.hash)
      const cert = { ...certify(last), blockHash: forged.hash }
      await store.write(
        [
          { type: 'put', key, value: encodeBlock(forged) },
          { type: 'put', key: certifiedKey(height), value: Uint8Array.fromHex(forged.hash) },
          { type: 'put', key: commitCertKey(height), value: toBytes(commitCertCodec, cert) },
        ],
        { sync: true },
      )
    })
    expect(report).toMatchObject({ ok: false, fault: { height } })
  })

  test('finds what no honest validator acks, whoever has certified it: an empty block that opens no term', async () => {
    const folder = join(root, 'empty block')
    const ledger = await openLedger({ store: await openLevelStore(folder), genesis })
    const proposer = new Proposer(ledger)
    await proposer.commit([])
    await proposer.commit([put('something')])
    await proposer.commit([])
    await ledger.close()
    const what = 'txRoot: of an empty block that is not the first of its term'
    expect(await check(folder)).toMatchObject({ ok: false, fault: { height: 3, what } })
  })

  test('finds a missing LeaderCert, and names the first block of its term', async () => {
    const first = blocks[BLOCKS / 2] as Block
    const key = leaderCertKey(first.header.leaderCertHash)
    const report = await reportAfter((store) => store.write([{ type: 'del', key }], { sync: true }))
    expect(report).toMatchObject({
      ok: false,
      fault: { height: first.header.height, what: /LeaderCert of term 2 is missing/ },
    })
  })

  test('finds a chain that was cut short by its last block', async () => {
    const last = blocks.at(-1) as Block
    const report = await reportAfter((store) =>
      store.write(
        [
          { type: 'del', key: commitCertKey(last.header.height as Height) },
          { type: 'del', key: HEAD_KEY },
        ],
        { sync: true },
      ),
    )
    expect(report).toMatchObject({ ok: false })
  })

  test('finds any byte changed in any file of the database, and names a height', async () => {
    const files = readdirSync(original).filter((name) => /\.(ldb|log)$|^MANIFEST|^CURRENT/.test(name))
    expect(files.some((name) => name.endsWith('.ldb')) && files.some((name) => name.endsWith('.log'))).toBe(true)
    // A different place in each run would make a failure hard to find again: a fixed walk with a step that is no multiple.
    for (const name of files) {
      const { size } = statSync(join(original, name))
      const places =
        size < 40
          ? [0, size - 2, size - 1]
          : [0, 5, size - 1, ...Array.from({ length: 5 }, (_, i) => (i * 7_919 + 13) % size)]
      for (const at of places) {
        const folder = copy()
        const file = join(folder, name)
        const content = readFileSync(file)
        content[at] = (content[at] as number) ^ 0x04
        writeFileSync(file, content)
        const report = await check(folder)
        expect(report.ok, `${name}, byte ${at} of ${size}`).toBe(false)
        if (!report.ok) {
          expect(report.fault.height, `${name}, byte ${at}: ${report.fault.what}`).toBeGreaterThanOrEqual(0)
          expect(report.fault.height).toBeLessThanOrEqual(BLOCKS + 1)
        }
        rmSync(folder, { recursive: true })
      }
    }
  })

  test('takes a log whose end a crash tore off for what it is: a shorter chain', async () => {
    const folder = copy()
    const log = readdirSync(folder).find((name) => name.endsWith('.log')) as string
    truncateSync(join(folder, log), statSync(join(folder, log)).size - 5)
    expect(await check(folder)).toMatchObject({ ok: true })
  })
})
