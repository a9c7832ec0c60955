// What the rest of the node sees of the ledger: the certified chain, the executed blocks that still wait for their
// certificate, and the state of either. open-ledger.ts makes one. One owner calls what changes it (node/runtime.ts), one
// call after the other; reads may happen at any time and see the head as it is at that moment.

import type { BadTransaction } from '../consensus/evidence/bad-transaction.ts'
import type { Abi } from '../contracts/abi.ts'
import type { CallOutcome, ContractCall, StateAccess } from '../contracts/execute.ts'
import type { MountainRange, RangeProof } from '../crypto/mountain-range.ts'
import type { StateProof } from '../crypto/state-proof.ts'
import type { Block, Header } from '../types/block.ts'
import type { Epoch, Hash, Height, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import type { EpochLink } from '../types/epoch-link.ts'
import type { ContractModule, Genesis } from '../types/genesis.ts'
import type { VersionChange } from '../types/protocol-version.ts'
import type { ContractEvent, Receipt } from '../types/receipt.ts'
import type { ReceiptProof } from '../types/receipt-proof.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import type { NextSet, ValidatorSet } from '../types/validator-set.ts'
import type { BlockRefusal } from './errors.ts'
import type { BlockOutcome } from './execute-block.ts'
import type { SignerOf } from './signer.ts'
import type { SnapshotSource } from './snapshot-source.ts'
import type { VerdictCache } from './verdict-cache.ts'

/** The four roots that execution puts into a header. */
export interface BlockRoots {
  readonly txRoot: Hash
  readonly receiptRoot: Hash
  readonly stateRoot: Hash
  readonly logRoot: Hash
}

/** A block before it has a header: what a leader drafts. */
export interface Draft {
  readonly parentHash: Hash
  /** The parent's, or the one after it. */
  readonly epoch: Epoch
  readonly timeMs: number
  readonly transactions: readonly SignedTransaction[]
}

/** The outcome of executing a draft or block; give it back to `adopt`. */
export interface ExecutedBlock extends BlockRoots, Draft {
  /** Protocol version in force at this height: what the header has to say. */
  readonly version: number
  readonly height: Height
  readonly receipts: readonly Receipt[]
  /** The set of the epoch after the block's, where the state after it holds one. */
  readonly nextSet: NextSet | null
  /** The ledger's own: encoded receipts, state, mountain range. */
  readonly outcome: BlockOutcome
}

export type Execution =
  | { readonly ok: true; readonly executed: ExecutedBlock }
  | { readonly ok: false; readonly refusal: BlockRefusal }

/** The certified head. */
export interface Head {
  readonly hash: Hash
  readonly header: Header
  /** Null for genesis, which needs none. */
  readonly commitCert: CommitCert | null
  /** Hashes of the blocks before it, as the logRoot of its header has them. */
  readonly ancestors: MountainRange
}

/** Protocol versions around the certified head. */
export interface Protocol {
  /** In force for the block after the head. */
  readonly version: number
  readonly supported: readonly number[]
  /** The change that comes next, where one has been decided on. */
  readonly next: VersionChange | null
}

/** What stands on disk beyond the certified chain: what consensus starts from. */
export interface Restored {
  /** Stored blocks on top of the head, parents first; executed and adopted. */
  readonly uncommitted: readonly Block[]
  /** LeaderCerts of the head's term and later. */
  readonly leaderCerts: readonly LeaderCert[]
}

/** Position among the events: the `index`-th event of the block at `height`. Inclusive. */
export interface EventCursor {
  readonly height: number
  readonly index: number
}

export interface LedgerEvent {
  readonly height: Height
  /** Position among the events of its block. */
  readonly index: number
  readonly timeMs: number
  readonly transactionId: Hash
  readonly callIndex: number
  readonly event: ContractEvent
}

export interface EventPage {
  readonly events: readonly LedgerEvent[]
  /** Where to go on: behind the last event, or at the block after the head when there is nothing more. */
  readonly next: EventCursor
  /** Are there committed blocks at or behind `next`? A page may be short, or empty, and still have more behind it. */
  readonly more: boolean
}

export interface TransactionLocation {
  readonly height: Height
  /** Position in its block. */
  readonly index: number
}

/** Plain numbers for the metrics page; they only rise, except `uncommittedBlocks`. */
export interface LedgerCounters {
  executedBlocks: number
  executedTransactions: number
  executedCalls: number
  refusedCalls: number
  committedBlocks: number
  committedTransactions: number
  uncommittedBlocks: number
  signatureChecks: number
  signatureCacheHits: number
}

export interface QueryOptions {
  /** The view's now. */
  readonly timeMs: number
  readonly gasLimit?: number
  /** Whose code is asked: of the one in force, unless an earlier decision is to be explained. */
  readonly deployment?: number | undefined
}

export interface Ledger {
  readonly chainId: Hash
  readonly genesis: Genesis
  readonly genesisBlock: Block
  /** Epoch of the block after the head, and its validators. */
  readonly epoch: Epoch
  readonly validators: ValidatorSet
  readonly head: Head
  readonly restored: Restored
  readonly counters: Readonly<LedgerCounters>
  /** Signature verdicts, shared with the mempool: what was admitted is not verified again in its block. */
  readonly verdicts: VerdictCache

  readonly protocol: Protocol
  /** Blocks, receipts and events from this height on are here: from 1, unless the ledger began with a snapshot. */
  readonly baseHeight: Height
  /** Highest block in the store, certified or not. */
  readonly storedHeight: Height

  // ── the way of a block; one call after the other ──

  /** A leader's draft on any executed parent. Synchronous; nothing is stored or remembered. */
  execute(draft: Draft): Execution
  /** A received block: executes it and compares height, time and the four roots with its header. */
  check(block: Block): Execution
  /** Of a block that `check` refused for a transaction: what shows others that it may not be there, where it can be shown. */
  showBadTransaction(block: Block, refusal: BlockRefusal): BadTransaction | undefined
  /** Keeps an executed block as a possible parent. Asserts that block and execution are one thing. */
  adopt(block: Block, executed: ExecutedBlock): void
  /** Has this block been adopted, or is it the head? */
  isExecuted(blockHash: Hash): boolean
  /** Stores blocks and LeaderCerts ahead of their certificate: on disk when it resolves. */
  persist(items: { readonly blocks?: readonly Block[]; readonly leaderCerts?: readonly LeaderCert[] }): Promise<void>
  /**
   * Commits `cert.blockHash` and its uncommitted ancestors: one atomic write of certificate, receipts, state, tree and
   * indexes. The head moves at once, the promise resolves when it is written. Blocks on other branches are dropped.
   * The caller has verified the certificate. Answers the blocks that became certified, oldest first.
   */
  commit(cert: CommitCert): Promise<readonly Block[]>
  /**
   * Block sync: executes, stores and commits a certified run of blocks on top of the head; `cert` is on the last one.
   * The caller has verified certificates and header signatures. A refusal leaves the ledger as it was before its block.
   */
  applyCertified(run: {
    readonly blocks: readonly Block[]
    readonly leaderCerts: readonly LeaderCert[]
    readonly cert: CommitCert
  }): Promise<{ readonly ok: true } | { readonly ok: false; readonly height: Height; readonly refusal: BlockRefusal }>

  /** What the store holds now, for a peer that is far behind. Close it soon. */
  snapshot(): SnapshotSource

  // ── reads ──

  /** The validators of every epoch up to `epoch`. */
  setOf(epoch: Epoch): ValidatorSet | undefined
  /** How the validators of the epochs 1 to `epoch` are shown to somebody who holds the genesis. */
  epochLinks(epoch: Epoch): readonly EpochLink[]
  /** As in ExecutedBlock, for the head and every adopted block; null for others. */
  nextSetOf(blockHash: Hash): NextSet | null
  /** That the head's logRoot holds the certified block at a height below; undefined where this ledger does not reach. */
  ancestry(height: Height): RangeProof | undefined

  /** Certified blocks by height, also uncommitted ones by hash. */
  block(at: Height | Hash): Block | undefined
  header(at: Height | Hash): Header | undefined
  /** Of exactly this height, where one was committed by. */
  commitCert(height: Height): CommitCert | undefined
  /** On this height or the nearest certified descendant. */
  commitCertCovering(height: Height): CommitCert | undefined
  /** The certificate that the certified chain uses for this term, else any stored one. */
  leaderCert(term: Term): LeaderCert | undefined
  leaderCertByHash(hash: Hash): LeaderCert | undefined
  /** Where a committed transaction stands. */
  locate(transactionId: Hash): TransactionLocation | undefined
  receipt(transactionId: Hash): Receipt | undefined
  receiptProof(transactionId: Hash): ReceiptProof | undefined
  receipts(height: Height): readonly Receipt[] | undefined
  /** Is the id in a certified block whose ids can still be repeated? One read of the store, 10 us. */
  isRecent(transactionId: Hash): boolean
  /** In any certified block. */
  isCommitted(transactionId: Hash): boolean
  /** In the chain that ends in this block, certified or not. */
  isInChain(tip: Hash, transactionId: Hash): boolean
  /** The same for uncommitted blocks only: in memory, and enough for what waits in a mempool. */
  isInFlight(tip: Hash, transactionId: Hash): boolean
  /** Up to `limit` committed events in order, `matches` applied before the limit. */
  eventsFrom(
    cursor: EventCursor,
    options: { readonly limit: number; readonly matches?: (event: ContractEvent) => boolean },
  ): EventPage
  /** State at the head, read-only; use it before the next await. */
  state(): Pick<StateAccess, 'get' | 'range'>
  /** Inclusion or absence of a state key under the head's stateRoot. */
  stateProof(key: Uint8Array): StateProof
  /** Runs a view on the head's state with `timeMs` as its now. */
  query(call: ContractCall, options: QueryOptions): CallOutcome
  /** Runs a filter with the code tables of the head's state. */
  filter(call: ContractCall): CallOutcome
  /** A sender's signing key in the head's state. */
  readonly signerOf: SignerOf
  /** In force for the next block, or of an earlier deployment; none where it is unknown. */
  contracts(deployment?: number): readonly { readonly name: string; readonly abi: Abi }[]
  /** Their code. */
  modules(): readonly ContractModule[]

  close(): Promise<void>
}
