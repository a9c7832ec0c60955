// Opens a ledger on a store: makes block 0 in an empty one, else checks that the store is this chain's and goes on where
// it ended. Nothing applied is executed again; only blocks that wait for their certificate are.

import { type ContractSet, loadContracts } from '../contracts/execute.ts'
import type { Block } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import type { LeaderCert } from '../types/certificate.ts'
import type { Genesis } from '../types/genesis.ts'
import { SUPPORTED_VERSIONS } from '../types/protocol-version.ts'
import { chainIdOf, decodeBlock } from '../types/signing.ts'
import { BlockStore, STORE_FORMAT, writeBlockZero } from './block-store.ts'
import { Chain } from './chain.ts'
import { ContractsInForce } from './contracts-in-force.ts'
import { corrupt, LedgerError } from './errors.ts'
import { type ExecuteBlock, executeBlock } from './execute-block.ts'
import { executeGenesis } from './genesis-block.ts'
import { numberRange, SPACE } from './keys.ts'
import type { Ledger, Restored } from './ledger.ts'
import { StateTree } from './state-tree.ts'
import { StateVersion, StoredState } from './state-version.ts'
import type { KeyValueStore } from './store.ts'
import { ValidatorSets } from './validator-sets.ts'
import { createVerdictCache } from './verdict-cache.ts'

export interface LedgerOptions {
  readonly store: KeyValueStore
  readonly genesis: Genesis
  /** State-tree branches kept in memory, about 1 kB each. */
  readonly branchesKept?: number
  readonly supportedVersions?: readonly number[]
  /** Those of the genesis, where they have been verified and linked before. */
  readonly contracts?: ContractSet
  /** The ledger's own, unless somebody knows the answers. */
  readonly executeBlock?: ExecuteBlock
}

/** Throws LedgerError DATA_OTHER_CHAIN, DATA_NEWER_FORMAT, DATA_CORRUPT, STORE_FAILED, GENESIS_REFUSED; ContractError. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { store, genesis, branchesKept, supportedVersions = SUPPORTED_VERSIONS } = options
  const blocks = new BlockStore(store)
  const chainId = chainIdOf(genesis)
  const isNew = checkIdentity(blocks, chainId)
  const tree = new StateTree(store, branchesKept === undefined ? {} : { branchesKept })
  const stored = new StoredState(store, tree)
  if (isNew && genesis.predecessor) {
    const message = `this chain goes on from another: a started node fetches its state from a peer, 'assent recover apply' carries it over`
    throw new LedgerError('GENESIS_REFUSED', message)
  }
  if (isNew) await createBlockZero(store, { genesis, stored })

  const head = blocks.head()
  if (head === undefined) throw corrupt('the head of the chain is missing')
  const genesisBlock = readBlock(blocks, { height: 0, hash: blocks.hashAt(0) })
  const header = readBlock(blocks, head).header
  const state = StateVersion.atHead(stored, store)
  if (state.stateRoot !== header.stateRoot) throw corrupt(`height ${head.height}: the stored state is of another block`)
  const commitCert = blocks.commitCert(head.height) ?? null
  if (commitCert === null && head.height > 0) throw corrupt(`height ${head.height}: the CommitCert is missing`)

  const sets = new ValidatorSets({ genesis, state: stored })
  const chain = new Chain({
    genesis,
    genesisBlock,
    chainId,
    deployed: new ContractsInForce(genesis, options.contracts ?? contractsOf(genesis)),
    executeBlock: options.executeBlock ?? executeBlock,
    sets,
    supportedVersions,
    store,
    blocks,
    verdicts: createVerdictCache(),
    head: { hash: head.hash, header, state, range: head.range, nextSet: sets.pendingAfter(header.epoch), commitCert },
  })
  await chain.restore(await readRestored(store, { blocks, headHeight: head.height, headTerm: header.term }))
  return chain
}

/** Has somebody made a ledger in this store, of whatever chain? */
export function holdsLedger(store: KeyValueStore): boolean {
  return new BlockStore(store).format() !== undefined
}

/** Throws ContractError. */
export function contractsOf(genesis: Genesis): ContractSet {
  return loadContracts(genesis.contracts.map(({ name, module }) => ({ name, bytes: module })))
}

/** Is the store empty? Throws unless it is, or is this chain's in a known format. */
function checkIdentity(blocks: BlockStore, chainId: Hash): boolean {
  const format = blocks.format()
  if (format === undefined) return true
  if (format > STORE_FORMAT) {
    const message = `data folder: written in format ${format}, this program knows ${STORE_FORMAT}; start a newer version`
    throw new LedgerError('DATA_NEWER_FORMAT', message)
  }
  if (format !== STORE_FORMAT) throw corrupt('format of the data folder: unknown')
  if (blocks.chainId() !== chainId) {
    const message = 'data folder: belongs to another chain; give this node its own folder, or the genesis of that chain'
    throw new LedgerError('DATA_OTHER_CHAIN', message)
  }
  return false
}

async function createBlockZero(
  store: KeyValueStore,
  { genesis, stored }: { genesis: Genesis; stored: StoredState },
): Promise<void> {
  const { block, state } = executeGenesis(genesis, StateVersion.atHead(stored, store))
  await store.write([...state.save(), ...writeBlockZero(block)], { sync: true })
}

function readBlock(blocks: BlockStore, { height, hash }: { height: number; hash: Hash | undefined }): Block {
  const block = hash && blocks.block({ height, hash })
  if (block === undefined) throw corrupt(`block ${height}: missing`)
  return block
}

async function readRestored(
  store: KeyValueStore,
  at: { readonly blocks: BlockStore; readonly headHeight: number; readonly headTerm: number },
): Promise<Restored> {
  const uncommitted: Block[] = []
  for await (const [, value] of store.range(numberRange(SPACE.block, { from: at.headHeight + 1 }))) {
    try {
      uncommitted.push(decodeBlock(value))
    } catch (error) {
      if (error instanceof DecodeError) throw corrupt('a block above the head: damaged', { cause: error })
      throw error
    }
  }
  const leaderCerts: LeaderCert[] = []
  for await (const [, value] of store.range(numberRange(SPACE.leaderCertOfTerm, { from: at.headTerm }))) {
    const cert = at.blocks.leaderCert(value.toHex() as Hash)
    if (cert === undefined) throw corrupt('a LeaderCert: missing')
    leaderCerts.push(cert)
  }
  return { uncommitted, leaderCerts }
}
