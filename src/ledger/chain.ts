// The ledger itself: certified head, executed blocks on top of it, and the one atomic write that moves the head.
// ledger.ts says what each method promises; spec/ledger.md, "Commit" and "Durability", why.

import { epochFault } from '../consensus/epoch-rules.ts'
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
import type { Genesis } from '../types/genesis.ts'
import { TRANSACTION_GAS_MAX } from '../types/limits.ts'
import { versionAt } from '../types/protocol-version.ts'
import type { ContractEvent, Receipt } from '../types/receipt.ts'
import type { ReceiptProof } from '../types/receipt-proof.ts'
import { leaderCertHash } from '../types/signing.ts'
import type { NextSet, ValidatorSet } from '../types/validator-set.ts'
import { setEntryKey } from '../types/validator-set-entry.ts'
import { BlockNode } from './block-node.ts'
import {
  type BlockStore,
  deleteBlock,
  writeBlock,
  writeCertified,
  writeCommitCert,
  writeEpochLink,
  writeHead,
  writeLeaderCert,
  writeLeaderCertOfTerm,
  writeOutcome,
} from './block-store.ts'
import { BlockTree } from './block-tree.ts'
import { toByteString } from './byte-string.ts'
import { CertifiedReader, missing } from './certified-reader.ts'
import { type BlockRefusal, LedgerError } from './errors.ts'
import { type ExecuteBlock, refuseBlock } from './execute-block.ts'
import type {
  BlockRoots,
  Draft,
  EventCursor,
  EventPage,
  ExecutedBlock,
  Execution,
  Head,
  Ledger,
  LedgerCounters,
  Protocol,
  Restored,
  TransactionLocation,
} from './ledger.ts'
import { proveState } from './prove-state.ts'
import { showBadTransaction } from './show-bad-transaction.ts'
import type { SignerOf } from './signer.ts'
import { SnapshotSource } from './snapshot-source.ts'
import type { StateVersion } from './state-version.ts'
import type { KeyValueStore, StoreWrite } from './store.ts'
import type { ValidatorSets } from './validator-sets.ts'
import type { VerdictCache } from './verdict-cache.ts'

export interface ChainParts {
  readonly genesis: Genesis
  readonly genesisBlock: Block
  readonly chainId: Hash
  readonly contracts: ContractSet
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
  private readonly contractSet: ContractSet
  private readonly supportedVersions: readonly number[]
  private readonly executeBlock: ExecuteBlock
  private readonly sets: ValidatorSets
  private readonly store: KeyValueStore
  private readonly blocks: BlockStore
  private readonly reader: CertifiedReader
  private readonly tree: BlockTree
  private headCert: CommitCert | null
  /** Stored, of the head's term and later. */
  private readonly lateLeaderCerts = new Map<Hash, LeaderCert>()

  constructor(parts: ChainParts) {
    this.chainId = parts.chainId
    this.genesis = parts.genesis
    this.genesisBlock = parts.genesisBlock
    this.sets = parts.sets
    this.verdicts = parts.verdicts
    this.contractSet = parts.contracts
    this.executeBlock = parts.executeBlock
    this.supportedVersions = parts.supportedVersions
    this.store = parts.store
    this.blocks = parts.blocks
    this.headCert = parts.head.commitCert
    this.tree = new BlockTree(this.createNode({ ...parts.head, executed: undefined, block: undefined }, undefined))
    const { genesisBlock } = parts
    this.reader = new CertifiedReader(parts.blocks, { genesisBlock, headHeight: () => this.tree.head.height })
  }

  private createNode(content: ConstructorParameters<typeof BlockNode>[0], parent: BlockNode | undefined): BlockNode {
    const isRecent = (id: Hash): boolean => this.isRecent(id)
    return new BlockNode(content, { parent, contracts: this.contractSet, isRecent })
  }

  get head(): Head {
    const { hash, header, range } = this.tree.head
    return { hash, header, commitCert: this.headCert, ancestors: range }
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
    return { uncommitted: this.tree.storedBlocks(), leaderCerts: [...this.lateLeaderCerts.values()] }
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

  execute({ parentHash, epoch, timeMs, transactions }: Draft): Execution {
    const parent = this.tree.get(parentHash)
    if (parent === undefined) return refuseBlock('PARENT_UNKNOWN', 'parentHash: names no executed block')
    const { verdicts, contractSet, counters, chainId } = this
    const version = versionAt(parent.versions, parent.height + 1)
    if (!this.supportedVersions.includes(version)) {
      const which = `protocol version ${version} is in force from height ${parent.height + 1} on or before`
      return refuseBlock('UNSUPPORTED_VERSION', `${which}; this release supports ${this.supportedVersions.join(', ')}`)
    }
    const result = this.executeBlock(
      parent,
      { epoch, timeMs, transactions },
      { chainId, contracts: contractSet, verdicts, counters },
    )
    counters.signatureChecks = verdicts.checks
    counters.signatureCacheHits = verdicts.hits
    if (!result.ok) return result
    const { outcome } = result
    const height = (parent.height + 1) as Height
    const { receipts, roots, nextSet } = outcome
    const draft = { parentHash, epoch, timeMs, transactions }
    return { ok: true, executed: { ...draft, version, height, receipts, nextSet, ...roots, outcome } }
  }

  check(block: Block): Execution {
    const { header, transactions } = block
    const { parentHash, epoch, timeMs } = header
    const parent = this.tree.get(parentHash)
    if (parent !== undefined && header.height !== parent.height + 1) {
      return refuseBlock('HEIGHT', `height: expected ${parent.height + 1}, got ${header.height}`)
    }
    const fault = parent && epochFault(block, { parent: parent.header, nextSet: parent.nextSet })
    if (fault) return refuseBlock('EPOCH', `epoch: ${fault}`)
    const execution = this.execute({ parentHash, epoch, timeMs, transactions })
    if (!execution.ok) return execution
    const { version } = execution.executed
    if (header.version !== version) return refuseBlock('VERSION', `version: expected ${version}, got ${header.version}`)
    const refusal = compareRoots(header, execution.executed)
    return refusal === undefined ? execution : { ok: false, refusal }
  }

  showBadTransaction(block: Block, refusal: BlockRefusal): BadTransaction | undefined {
    const parent = this.tree.get(block.header.parentHash)
    return parent && showBadTransaction(block, refusal, parent)
  }

  adopt(block: Block, executed: ExecutedBlock): void {
    const { header, hash } = block
    if (this.tree.get(hash) !== undefined) return
    const parent = this.tree.get(executed.parentHash)
    if (parent === undefined) throw new LedgerError('UNKNOWN_BLOCK', 'the parent of an executed block is gone')
    assert(header.parentHash === executed.parentHash, 'adopt: block and execution have one parent')
    assert(header.epoch === executed.epoch, 'adopt: block and execution have one epoch')
    assert(header.timeMs === executed.timeMs, 'adopt: block and execution have one time')
    assert(compareRoots(header, executed) === undefined, 'adopt: block and execution have the same roots')
    const { change, range, nextSet } = executed.outcome
    const state = parent.state.afterChange(change)
    this.tree.add(this.createNode({ hash, header, state, range, nextSet, executed, block }, parent))
    this.counters.uncommittedBlocks = this.tree.uncommittedCount
  }

  isExecuted(blockHash: Hash): boolean {
    return this.tree.get(blockHash) !== undefined
  }

  async persist(items: {
    readonly blocks?: readonly Block[]
    readonly leaderCerts?: readonly LeaderCert[]
  }): Promise<void> {
    const { blocks = [], leaderCerts = [] } = items
    const writes = blocks.flatMap((block) => this.writeWaiting(block))
    writes.push(...leaderCerts.flatMap((cert) => this.writeLeaderCert(cert)))
    if (writes.length > 0) await this.store.write(writes, { sync: true })
  }

  private writeWaiting(block: Block): StoreWrite[] {
    // Certified already, or lost to what is.
    if (block.header.height <= this.tree.head.height) return []
    this.tree.noteStored(block)
    return writeBlock(block)
  }

  /** A second certificate of a term that the certified chain has gone through is kept, but does not take its place. */
  private writeLeaderCert(cert: LeaderCert): StoreWrite[] {
    if (cert.term >= this.tree.head.header.term) this.lateLeaderCerts.set(leaderCertHash(cert), cert)
    const isSettled = cert.term <= this.tree.head.header.term && this.blocks.leaderCertHashOf(cert.term) !== undefined
    const stored = writeLeaderCert(cert)
    return isSettled ? stored : [...stored, writeLeaderCertOfTerm(cert.term, leaderCertHash(cert))]
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
    this.requireLeaderCerts(node, [])
    const { committed, writes } = this.moveHead(node, cert)
    await this.store.write(writes, { sync: false })
    return committed
  }

  /** A certified chain is worth nothing without the LeaderCert of every term in it. */
  private requireLeaderCerts(node: BlockNode, given: readonly LeaderCert[]): void {
    const hashes = new Set(given.map(leaderCertHash))
    for (const { header, parent } of node.path()) {
      if (header.term === parent?.header.term || hashes.has(header.leaderCertHash)) continue
      const isStored = this.blocks.leaderCert(header.leaderCertHash) !== undefined
      assert(isStored, `commit: the LeaderCert of term ${header.term} is stored or comes along`)
    }
  }

  /** Moves the head in memory and answers what the store must learn, in the same turn: nobody sees the time between. */
  private moveHead(node: BlockNode, cert: CommitCert): { committed: readonly Block[]; writes: readonly StoreWrite[] } {
    assert(cert.height === node.height, 'commit: certificate and block have one height')
    const path = node.path()
    const epochLink = this.writeEpochLink(node, cert)
    const writes = [...path.flatMap((certified) => this.writeCommitted(certified)), writeCommitCert(cert), ...epochLink]
    this.headCert = cert
    if (path.length > 0) {
      writes.push(writeHead({ height: node.height, hash: node.hash, range: node.range }))
      for (const lost of this.tree.moveHead(node)) writes.push(...deleteBlock(lost))
      for (const [hash, { term }] of this.lateLeaderCerts) {
        if (term < node.header.term) this.lateLeaderCerts.delete(hash)
      }
    }
    this.counters.committedBlocks += path.length
    this.counters.uncommittedBlocks = this.tree.uncommittedCount
    return { committed: path.map(blockOf), writes }
  }

  /** Under the first certificate that covers the decision: what shows the next validators to those who know these. */
  private writeEpochLink({ header, nextSet, state }: BlockNode, commitCert: CommitCert): StoreWrite[] {
    if (nextSet === null || this.blocks.epochLink(nextSet.epoch) !== undefined) return []
    const key = setEntryKey(nextSet.epoch)
    const entry = state.get(toByteString(key)) ?? missing('the next validators')
    return [writeEpochLink(nextSet.epoch, { header, commitCert, entry, proof: proveState(state, key) })]
  }

  /** Receipts, indexes, state and tree of one block on the way to the new head. */
  private writeCommitted(node: BlockNode): StoreWrite[] {
    const { hash, header, executed, parent } = node
    assert(executed !== undefined && parent !== undefined, 'commit: every block above the head was executed')
    const { height } = header
    const writes: StoreWrite[] = this.tree.isStored(hash) ? [] : writeBlock(blockOf(node))
    writes.push(writeCertified({ height, hash }), ...writeOutcome(executed.outcome))
    if (header.term !== parent.header.term) writes.push(writeLeaderCertOfTerm(header.term, header.leaderCertHash))
    writes.push(...node.state.save())
    this.reader.certified(height, executed.receipts)
    this.counters.committedTransactions += executed.transactions.length
    return writes
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
    this.requireLeaderCerts(node, run.leaderCerts)
    const leaderCerts = run.leaderCerts.flatMap((cert) => this.writeLeaderCert(cert))
    const { writes } = this.moveHead(node, run.cert)
    await this.store.write([...leaderCerts, ...writes], { sync: false })
    return { ok: true }
  }

  /**
   * Blocks that a restart found above the head: executed again, in order. One that does not fit waits to be dropped. The
   * first block of an epoch brings the certificate of the blocks before it along: a commit that a crash took back is made
   * good, so that no epoch begins before the block that decided it is certified.
   */
  async restore({ uncommitted, leaderCerts }: Restored): Promise<void> {
    for (const certificate of leaderCerts) this.lateLeaderCerts.set(leaderCertHash(certificate), certificate)
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

  query(
    call: ContractCall,
    { timeMs, gasLimit = TRANSACTION_GAS_MAX }: { readonly timeMs: number; readonly gasLimit?: number },
  ): CallOutcome {
    const { height, epoch } = this.tree.head.header
    const context = { timeMs, height, epoch }
    return queryView(this.contractSet, call, { context, state: this.state(), gasLimit })
  }

  filter(call: ContractCall): CallOutcome {
    return runFilter(this.contractSet, call, { state: this.state() })
  }

  readonly signerOf: SignerOf = (sender, keyId) => this.tree.head.signerOf(sender, keyId)

  contracts(): readonly { readonly name: string; readonly abi: Abi }[] {
    return this.contractSet.names.flatMap((name) => {
      const abi = this.contractSet.abi(name)
      return abi === undefined ? [] : [{ name, abi }]
    })
  }

  close(): Promise<void> {
    return this.store.close()
  }
}

function compareRoots(header: Header, roots: BlockRoots): BlockRefusal | undefined {
  const refuse = (code: BlockRefusal['code'], field: string): BlockRefusal => ({
    code,
    message: `${field}: is not what execution on the parent gives`,
  })
  if (header.logRoot !== roots.logRoot) return refuse('LOG_ROOT', 'logRoot')
  if (header.txRoot !== roots.txRoot) return refuse('TX_ROOT', 'txRoot')
  if (header.receiptRoot !== roots.receiptRoot) return refuse('RECEIPT_ROOT', 'receiptRoot')
  if (header.stateRoot !== roots.stateRoot) return refuse('STATE_ROOT', 'stateRoot')
  return undefined
}

function blockOf({ block }: BlockNode): Block {
  assert(block !== undefined, 'chain: a block above the head is in memory')
  return block
}
