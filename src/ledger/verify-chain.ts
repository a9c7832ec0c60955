// `assent verify`: is what stands in a data folder the chain that begins with this genesis, and nothing else? Trusts only
// the genesis. The folder stays as it is: LevelDB opens a clone of it, and a damaged one not at all.
//
//   1  every file of the database: every byte is covered by a checksum
//   2  every block from 0: links, header signature, LeaderCert of its term, every transaction, execution, CommitCert
//   3  every stored entry equals what step 2 made
//
// Of everything that is found, the lowest height is what the report names. spec/ledger.md, "Verification".

import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verifier } from '../consensus/certificate.ts'
import { verify } from '../crypto/ed25519.ts'
import { assert } from '../types/assert.ts'
import type { Genesis } from '../types/genesis.ts'
import { chainIdOf } from '../types/signing.ts'
import { onlyEpoch, validatorsOf } from '../types/validator-set.ts'
import { BlockStore } from './block-store.ts'
import { carryOver } from './carry-over.ts'
import type { ChainFault, ChainReport, OnProgress } from './chain-report.ts'
import { compareStores } from './compare-stores.ts'
import { LedgerError } from './errors.ts'
import { recoveredBlockZero } from './genesis-block.ts'
import { describeEntry, heightOfEntry } from './key-height.ts'
import type { Ledger } from './ledger.ts'
import { type FileContent, type FileFault, readLog, readTable } from './level-files.ts'
import { openLevelStore } from './level-store.ts'
import { MemoryStore } from './memory-store.ts'
import { openLedger } from './open-ledger.ts'
import { type Replay, replayChain, whatIsWrong } from './replay-chain.ts'
import { type Origin, replaySnapshot } from './replay-snapshot.ts'
import { SalvagedStore } from './salvaged-store.ts'
import type { KeyValueStore } from './store.ts'

export interface VerifyOptions {
  /** Of the database; not changed. */
  readonly folder: string
  readonly genesis: Genesis
  /** A ledger of the chain that the genesis goes on from, at its end: the state before block 0. */
  readonly predecessor?: string
  readonly onProgress?: OnProgress
}

/** What verification reads. */
export type StoredEntries = Pick<KeyValueStore, 'get' | 'range' | 'close'>

/** Throws LedgerError STORE_FAILED where the folder holds no database or cannot be read, GENESIS_REFUSED. */
export async function verifyChain({ folder, genesis, predecessor, onProgress }: VerifyOptions): Promise<ChainReport> {
  const workFolder = mkdtempSync(join(tmpdir(), 'assent-verify-'))
  try {
    const fileFaults = findFileFaults(folder)
    const open = fileFaults.length === 0 ? openClone : openSalvaged
    const stored = await open(folder, join(workFolder, 'stored'))
    try {
      const expectedFolder = join(workFolder, 'expected')
      // What began with a snapshot is built from that again: its first state is gone, here as there.
      const isWhole = isExecuted(new BlockStore(stored), { genesis, predecessor })
      if (genesis.predecessor && predecessor === undefined && isWhole) {
        const message = '--predecessor: needed; this chain goes on from another, whose state its first block has'
        throw new LedgerError('GENESIS_REFUSED', message)
      }
      if (predecessor !== undefined && isWhole) await carryInto(expectedFolder, { genesis, predecessor, workFolder })
      return await verifyStore(stored, { genesis, isWhole, fileFaults, expectedFolder, onProgress })
    } finally {
      await stored.close()
    }
  } finally {
    rmSync(workFolder, { recursive: true, force: true })
  }
}

/** The first block of a recovered chain, from the ledger before it. */
async function carryInto(
  folder: string,
  on: { readonly genesis: Genesis; readonly predecessor: string; readonly workFolder: string },
): Promise<void> {
  const { genesis, predecessor, workFolder } = on
  const from = await openClone(predecessor, join(workFolder, 'predecessor'))
  const to = await openLevelStore(folder)
  try {
    await carryOver({ from, to, genesis })
  } finally {
    await Promise.all([from.close(), to.close()])
  }
}

async function verifyStore(
  stored: StoredEntries,
  options: {
    readonly genesis: Genesis
    readonly isWhole: boolean
    readonly fileFaults: readonly NamedFault[]
    readonly expectedFolder: string
    readonly onProgress: OnProgress | undefined
  },
): Promise<ChainReport> {
  const { genesis, isWhole, fileFaults, expectedFolder, onProgress } = options
  const expected = await openLevelStore(expectedFolder)
  try {
    const { ledger, replay } = await replayStore(stored, { genesis, isWhole, expected, onProgress })
    const headHeight = Math.max(replay.claimedHeight, ledger?.head.header.height ?? 0)
    const faults: ChainFault[] = replay.fault === undefined ? [] : [replay.fault]
    if (ledger !== null && replay.fault === undefined)
      faults.push(...(await compareStores(stored, { expected, ledger, headHeight })))
    // The content says most exactly which height it is; the files show what no content does.
    if (faults.length === 0) faults.push(...fileFaults.map((fault) => locate(fault, headHeight)))
    const [first, ...rest] = faults.toSorted((a, b) => a.height - b.height)
    if (first !== undefined) return { ok: false, fault: first, faults: [first, ...rest] }
    assert(ledger !== null, 'without a fault there is a ledger')
    return { ok: true, height: ledger.head.header.height, transactions: replay.transactions, from: ledger.baseHeight }
  } finally {
    await expected.close()
  }
}

/** Fills `expected` with what the stored blocks give: by executing them, or, after a snapshot, by building it again. */
async function replayStore(
  stored: StoredEntries,
  options: {
    readonly genesis: Genesis
    readonly isWhole: boolean
    readonly expected: KeyValueStore
    readonly onProgress: OnProgress | undefined
  },
): Promise<{ ledger: Ledger | null; replay: Replay & { readonly transactions: number } }> {
  const { genesis, isWhole, expected, onProgress } = options
  const blocks = new BlockStore(stored)
  if (isWhole) {
    const ledger = await openLedger({ store: expected, genesis })
    const replay = await replayChain(stored, { ledger, onProgress })
    return { ledger, replay: { ...replay, transactions: ledger.counters.committedTransactions } }
  }
  const origin = await originOf(genesis)
  let height = 0
  try {
    const at = (reached: number): void => {
      height = reached
    }
    const built = await replaySnapshot(stored, { blocks, origin, expected, onProgress, at })
    return { ledger: await openLedger({ store: expected, genesis }), replay: { ...built, fault: undefined } }
  } catch (error) {
    const fault = { height, what: whatIsWrong(error) }
    return { ledger: null, replay: { claimedHeight: height, fault, transactions: 0 } }
  }
}

async function originOf(genesis: Genesis): Promise<Origin> {
  const genesisBlock = genesis.predecessor
    ? recoveredBlockZero(genesis)
    : (await openLedger({ store: new MemoryStore(), genesis })).genesisBlock
  const verifySignature: Verifier['verify'] = (key, message, signature) =>
    verify(Uint8Array.fromHex(key), message, signature)
  const setOf = onlyEpoch(validatorsOf(genesis))
  return { genesisBlock, verifier: { chainId: chainIdOf(genesis), setOf, verify: verifySignature } }
}

/**
 * Can its blocks be executed again from the first one on? Of a recovered chain, for whose first state another ledger is needed,
 * one that came with a snapshot is checked like any snapshot where that ledger is not at hand.
 */
function isExecuted(
  blocks: BlockStore,
  { genesis, predecessor }: Pick<VerifyOptions, 'genesis'> & { predecessor: string | undefined },
): boolean {
  const isWithoutStart = genesis.predecessor && predecessor === undefined
  return baseOf(blocks) <= 1 && !(isWithoutStart && blocks.beganWithSnapshot)
}

/** A damaged entry is found, and reported, by the replay of a whole chain. */
function baseOf(blocks: BlockStore): number {
  try {
    return blocks.base()
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'DATA_CORRUPT') return 1
    throw error
  }
}

// ── the files of the database ──

const TABLE = /^\d+\.(ldb|sst)$/
const LOG = /^\d+\.log$/
const MANIFEST = /^MANIFEST-\d+$/

interface NamedFault extends FileFault {
  readonly file: string
}

function findFileFaults(folder: string): readonly NamedFault[] {
  const names = namesIn(folder)
  return names.flatMap((file) => contentOf(folder, file, names).faults.map((fault) => ({ ...fault, file })))
}

function contentOf(folder: string, file: string, names: readonly string[]): FileContent {
  const read = (): Uint8Array => readFileSync(join(folder, file))
  if (TABLE.test(file)) return readTable(read())
  if (LOG.test(file)) return readLog(read(), { holdsBatches: true })
  if (MANIFEST.test(file)) return readLog(read(), { holdsBatches: false })
  if (file !== 'CURRENT') return { entries: [], faults: [] }
  const text = new TextDecoder().decode(read())
  const isRight = text.endsWith('\n') && MANIFEST.test(text.slice(0, -1)) && names.includes(text.slice(0, -1))
  return { entries: [], faults: isRight ? [] : [{ offset: 0, what: 'names no manifest of this database', keys: [] }] }
}

function namesIn(folder: string): readonly string[] {
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch (cause) {
    throw new LedgerError('STORE_FAILED', `data folder ${folder}: cannot be read`, { cause })
  }
  if (!names.some((name) => MANIFEST.test(name) || TABLE.test(name) || LOG.test(name))) {
    throw new LedgerError('STORE_FAILED', `data folder ${folder}: holds no chain database`)
  }
  return names
}

/** The lowest height that the damaged part may be about; what has none belongs to the state at the head. */
function locate({ file, offset, what, keys }: NamedFault, headHeight: number): ChainFault {
  const named = keys.flatMap((key) => {
    const height = heightOfEntry(key)
    return height === undefined || height > headHeight + 1 ? [] : [{ height, key }]
  })
  const lowest = named.toSorted((a, b) => a.height - b.height)[0]
  const about = lowest === undefined ? '' : `, near ${describeEntry(lowest.key)} of this height`
  return { height: lowest?.height ?? headHeight, what: `${file}, byte ${offset}: ${what}${about}` }
}

/** Tables never change, so the clone may share them; the rest is copied. */
function openClone(folder: string, clone: string): Promise<KeyValueStore> {
  mkdirSync(clone)
  for (const name of namesIn(folder)) {
    const [from, to] = [join(folder, name), join(clone, name)]
    if (TABLE.test(name)) linkOrCopy(from, to)
    else if (LOG.test(name) || MANIFEST.test(name) || name === 'CURRENT') copyFileSync(from, to)
  }
  return openLevelStore(clone)
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to) // another file system, or one without links
  }
}

async function openSalvaged(folder: string, scratch: string): Promise<StoredEntries> {
  const salvaged = new SalvagedStore(await openLevelStore(scratch))
  const names = namesIn(folder)
  for (const name of names) await salvaged.add(contentOf(folder, name, names).entries)
  return salvaged
}
