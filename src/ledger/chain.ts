// The ledger itself, put together: executed blocks (block-executor.ts), the certified head (head-writer.ts), what is stored
// (certified-reader.ts). ledger.ts says what each method promises; spec/ledger.md, "Commit" and "Durability", why.

import type { BadTransaction } from '../consensus/evidence/bad-transaction.ts'
import type { Abi } from '../contracts/abi.ts'
import { type CallOutcome, type ContractCall, type ContractSet, queryView, runFilter } from '../contracts/execute.ts'
import type { StateReader } from '../contracts/state-access.ts'
import type { RangeProof } from '../crypto/mountain-range.ts'
import type { StateProof } from '../crypto/state-proof.ts'
import { assert } from '../types/assert.ts'
import type { Block, Header } from '../types/block.ts'
import type { Epoch, Hash, Height, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import type { EpochLink } from '../types/epoch-link.ts'
import type { ContractModule, Genesis } from '../types/genesis.ts'
import { TRANSACTION_GAS_MAX } from '../types/limits.ts'
import { versionAt } from '../types/protocol-version.ts'
import type { ContractEvent, Receipt } from '../types/receipt.ts'
import type { ReceiptProof } from '../types/receipt-proof.ts'
import type { NextSet, ValidatorSet } from '../types/validator-set.ts'
import { BlockExecutor } from './block-executor.ts'
import type { BlockNode } from './block-node.ts'
import type { BlockStore } from './block-store.ts'
import type { BlockTree } from './block-tree.ts'
import { CertifiedReader } from './certified-reader.ts'
import type { ContractsInForce } from './contracts-in-force.ts'
import { type BlockRefusal, LedgerError } from './errors.ts'
import type { ExecuteBlock } from './execute-block.ts'
import { HeadWriter } from './head-writer.ts'
import type {
  Draft,
  EventCursor,
  EventPage,
  ExecutedBlock,
  Execution,
  Head,
  Ledger,
  LedgerCounters,
  Protocol,
  QueryOptions,
  Restored,
  TransactionLocation,
} from './ledger.ts'
import { proveState } from './prove-state.ts'
import type { SignerOf } from './signer.ts'
import { SnapshotSource } from './snapshot-source.ts'
import type { StateVersion } from './state-version.ts'
import type { KeyValueStore } from './store.ts'
import type { ValidatorSets } from './validator-sets.ts'
import type { VerdictCache } from './verdict-cache.ts'

export interface ChainParts {
  readonly genesis: Genesis
  readonly genesisBlock: Block
  readonly chainId: Hash
  readonly deployed: ContractsInForce
  readonly executeBlock: ExecuteBlock
  readonly sets: ValidatorSets
  /** Protocol versions that blocks may be of here. */
  readonly supportedVersions: readonly number[]
  readonly store: KeyValueStore
  readonly blocks: BlockStore
  readonly verdicts: VerdictCache
  readonly head: {
    readonly hash: Hash
    readonly header: Header
    readonly state: StateVersion
    readonly range: BlockNode['range']
    readonly nextSet: NextSet | null
    readonly commitCert: CommitCert | null
  }
}

export class Chain implements Ledger {
  readonly chainId: Hash
  readonly genesis: Genesis
  readonly genesisBlock: Block
  readonly verdicts: VerdictCache
  readonly counters: LedgerCounters = {
    executedBlocks: 0,
    executedTransactions: 0,
    executedCalls: 0,
    refusedCalls: 0,
    committedBlocks: 0,
    committedTransactions: 0,
    uncommittedBlocks: 0,
    signatureChecks: 0,
    signatureCacheHits: 0,
  }
  private readonly supportedVersions: readonly number[]
  private readonly deployed: ContractsInForce
  private readonly sets: ValidatorSets
  private readonly store: KeyValueStore
  private readonly blocks: BlockStore
  private readonly reader: CertifiedReader
  private readonly executor: BlockExecutor
  private readonly tree: BlockTree
  private readonly writer: HeadWriter

  constructor(parts: ChainParts) {
    const { genesisBlock, blocks, head } = parts
    const { counters } = this
    this.chainId = parts.chainId
    this.genesis = parts.genesis
    this.genesisBlock = genesisBlock
    this.sets = parts.sets
    this.verdicts = parts.verdicts
    this.supportedVersions = parts.supportedVersions
    this.deployed = parts.deployed
    this.store = parts.store
    this.blocks = blocks
    this.executor = new BlockExecutor({ ...parts, counters, isRecent: (id) => this.isRecent(id) })
    this.tree = this.executor.tree
    this.reader = new CertifiedReader(blocks, { genesisBlock, headHeight: () => this.tree.head.height })
    this.writer = new HeadWriter({ tree: this.tree, blocks, reader: this.reader, counters, headCert: head.commitCert })
  }

  get head(): Head {
    const { hash, header, range } = this.tree.head
    return { hash, header, commitCert: this.writer.headCert, ancestors: range }
  }

  get epoch(): Epoch {
    const { header, nextSet } = this.tree.head
    return (header.epoch + (nextSet === null ? 0 : 1)) as Epoch
  }

  get validators(): ValidatorSet {
    const set = this.setOf(this.epoch)
    assert(set !== undefined, 'the set of the present epoch is in the state')
    return set
  }

  get baseHeight(): Height {
    return this.reader.baseHeight
  }

  get restored(): Restored {
    return { uncommitted: this.tree.storedBlocks(), leaderCerts: this.writer.lateLeaderCerts }
  }

  get storedHeight(): Height {
    return this.tree.storedHeight
  }

  snapshot(): SnapshotSource {
    return new SnapshotSource(this.store.snapshot(), { genesisBlock: this.genesisBlock })
  }

  get protocol(): Protocol {
    const { height, versions } = this.tree.head
    const next = versions.find((change) => change.height > height + 1) ?? null
    return { version: versionAt(versions, height + 1), supported: this.supportedVersions, next }
  }

  // ── the way of a block ──

  execute(draft: Draft): Execution {
    return this.executor.execute(draft)
  }

  check(block: Block): Execution {
    return this.executor.check(block)
  }

  showBadTransaction(block: Block, refusal: BlockRefusal): BadTransaction | undefined {
    return this.executor.showBadTransaction(block, refusal)
  }

  adopt(block: Block, executed: ExecutedBlock): void {
    this.executor.adopt(block, executed)
  }

  isExecuted(blockHash: Hash): boolean {
    return this.tree.get(blockHash) !== undefined
  }

  async persist(items: {
    readonly blocks?: readonly Block[]
    readonly leaderCerts?: readonly LeaderCert[]
  }): Promise<void> {
    const { blocks = [], leaderCerts = [] } = items
    const writes = this.writer.ahead({ blocks, leaderCerts })
    if (writes.length > 0) await this.store.write(writes, { sync: true })
  }

  async commit(cert: CommitCert): Promise<readonly Block[]> {
    const node = this.tree.get(cert.blockHash)
    if (node === undefined) {
      if (this.blocks.hashAt(cert.height) === cert.blockHash) return []
      throw new LedgerError(
        'UNKNOWN_BLOCK',
        `CommitCert of height ${cert.height}: its block has not been executed here`,
      )
    }
    const { committed, writes } = this.writer.moveHead(node, { cert })
    await this.store.write(writes, { sync: false })
    return committed
  }

  async applyCertified(run: {
    readonly blocks: readonly Block[]
    readonly leaderCerts: readonly LeaderCert[]
    readonly cert: CommitCert
  }): Promise<{ readonly ok: true } | { readonly ok: false; readonly height: Height; readonly refusal: BlockRefusal }> {
    for (const block of run.blocks) {
      if (this.isExecuted(block.hash) || this.reader.hashAt(block.header.height) === block.hash) continue
      const execution = this.check(block)
      if (!execution.ok) return { ok: false, height: block.header.height, refusal: execution.refusal }
      this.adopt(block, execution.executed)
    }
    const node = this.tree.get(run.cert.blockHash)
    if (node === undefined) {
      if (this.reader.hashAt(run.cert.height) === run.cert.blockHash) return { ok: true }
      throw new LedgerError(
        'NOT_ON_CHAIN',
        `CommitCert of height ${run.cert.height}: is not on the last block of the run`,
      )
    }
    const { writes } = this.writer.moveHead(node, run)
    await this.store.write(writes, { sync: false })
    return { ok: true }
  }

  /**
   * Blocks that a restart found above the head: executed again, in order. One that does not fit waits to be dropped. The
   * first block of an epoch brings the certificate of the blocks before it along: a commit that a crash took back is made
   * good, so that no epoch begins before the block that decided it is certified.
   */
  async restore({ uncommitted, leaderCerts }: Restored): Promise<void> {
    this.writer.restore(leaderCerts)
    for (const block of uncommitted) {
      const { epochCert } = block
      if (epochCert !== null && epochCert.height > this.tree.head.height && this.isExecuted(epochCert.blockHash))
        await this.commit(epochCert)
      this.tree.noteStored(block)
      const execution = this.check(block)
      if (execution.ok) this.adopt(block, execution.executed)
    }
  }

  // ── reads ──

  setOf(epoch: Epoch): ValidatorSet | undefined {
    return epoch > this.epoch ? undefined : this.sets.of(epoch)
  }

  nextSetOf(blockHash: Hash): NextSet | null {
    return this.tree.get(blockHash)?.nextSet ?? null
  }

  block(at: Height | Hash): Block | undefined {
    return (typeof at === 'string' && this.tree.get(at)?.block) || this.reader.block(at)
  }

  header(at: Height | Hash): Header | undefined {
    const { head } = this.tree
    if (at === head.height) return head.header
    return (typeof at === 'string' && this.tree.get(at)?.header) || this.reader.header(at)
  }

  commitCert(height: Height): CommitCert | undefined {
    return this.blocks.commitCert(height)
  }

  commitCertCovering(height: Height): CommitCert | undefined {
    return this.reader.commitCertCovering(height)
  }

  leaderCert(term: Term): LeaderCert | undefined {
    return this.reader.leaderCert(term)
  }

  leaderCertByHash(hash: Hash): LeaderCert | undefined {
    return this.blocks.leaderCert(hash)
  }

  ancestry(height: Height): RangeProof | undefined {
    return this.reader.ancestry(height)
  }

  locate(transactionId: Hash): TransactionLocation | undefined {
    return this.reader.locate(transactionId)
  }

  receipt(transactionId: Hash): Receipt | undefined {
    return this.reader.receipt(transactionId)
  }

  receipts(height: Height): readonly Receipt[] | undefined {
    return this.reader.receipts(height)
  }

  receiptProof(transactionId: Hash): ReceiptProof | undefined {
    return this.reader.receiptProof(transactionId)
  }

  /**
   * The index of all committed ids answers for the window: an id that stands in an older block belongs to a transaction
   * that has expired, which is refused for that. spec/ledger.md, "Replay".
   */
  isRecent(transactionId: Hash): boolean {
    return this.blocks.hasLocation(transactionId)
  }

  isCommitted(transactionId: Hash): boolean {
    return this.blocks.hasLocation(transactionId)
  }

  isInChain(tip: Hash, transactionId: Hash): boolean {
    return (this.tree.get(tip) ?? this.tree.head).isInChain(transactionId)
  }

  isInFlight(tip: Hash, transactionId: Hash): boolean {
    return this.tree.get(tip)?.isInFlight(transactionId) ?? false
  }

  eventsFrom(
    cursor: EventCursor,
    options: { readonly limit: number; readonly matches?: (event: ContractEvent) => boolean },
  ): EventPage {
    return this.reader.eventsFrom(cursor, options)
  }

  state(): StateReader {
    return this.tree.head.state.reader()
  }

  stateProof(key: Uint8Array): StateProof {
    return proveState(this.tree.head.state, key)
  }

  epochLinks(epoch: Epoch): readonly EpochLink[] {
    return this.blocks.epochLinks(epoch)
  }

  query(call: ContractCall, { timeMs, gasLimit = TRANSACTION_GAS_MAX, deployment }: QueryOptions): CallOutcome {
    const { height, epoch } = this.tree.head.header
    const context = { timeMs, height, epoch }
    const contracts = this.contractsOf(deployment)
    if (contracts === undefined) return { status: 'refused', code: 'UNKNOWN_DEPLOYMENT', gas: 0 }
    return queryView(contracts, call, { context, state: this.state(), gasLimit })
  }

  filter(call: ContractCall): CallOutcome {
    return runFilter(this.tree.head.contracts, call, { state: this.state() })
  }

  readonly signerOf: SignerOf = (sender, keyId) => this.tree.head.signerOf(sender, keyId)

  contracts(deployment?: number): readonly { readonly name: string; readonly abi: Abi }[] {
    const contracts = this.contractsOf(deployment)
    return (contracts?.names ?? []).flatMap((name) => {
      const abi = contracts?.abi(name)
      return abi === undefined ? [] : [{ name, abi }]
    })
  }

  /** In force for the next block where none is named; undefined where the named one is unknown. */
  private contractsOf(deployment: number | undefined): ContractSet | undefined {
    const { contracts } = this.tree.head
    if (deployment === undefined) return contracts
    const state = this.state()
    return this.deployed.deployment(deployment, state) && this.deployed.ofDeployment(deployment, state)
  }

  modules(): readonly ContractModule[] {
    return this.deployed.modulesAt(this.tree.head.height + 1, this.state())
  }

  close(): Promise<void> {
    return this.store.close()
  }
}
