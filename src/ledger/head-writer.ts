// What the store learns: blocks and LeaderCerts ahead of their certificate, and the one atomic write that moves the certified
// head. Answers writes and leaves the writing to chain.ts; memory moves at once. spec/ledger.md, "Commit" and "Durability".

import { assert } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { leaderCertHash } from '../types/signing.ts'
import { setEntryKey } from '../types/validator-set-entry.ts'
import type { BlockNode } from './block-node.ts'
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
import type { BlockTree } from './block-tree.ts'
import { toByteString } from './byte-string.ts'
import { type CertifiedReader, missing } from './certified-reader.ts'
import type { LedgerCounters } from './ledger.ts'
import { proveState } from './prove-state.ts'
import type { StoreWrite } from './store.ts'

export interface HeadMove {
  /** Oldest first. */
  readonly committed: readonly Block[]
  readonly writes: readonly StoreWrite[]
}

export interface HeadWriterParts {
  readonly tree: BlockTree
  readonly blocks: BlockStore
  /** Told what becomes certified. */
  readonly reader: Pick<CertifiedReader, 'certified'>
  readonly counters: LedgerCounters
  readonly headCert: CommitCert | null
}

export class HeadWriter {
  /** On the head; null for genesis. */
  headCert: CommitCert | null
  private readonly late = new Map<Hash, LeaderCert>()
  private readonly tree: BlockTree
  private readonly blocks: BlockStore
  private readonly reader: Pick<CertifiedReader, 'certified'>
  private readonly counters: LedgerCounters

  constructor(parts: HeadWriterParts) {
    this.tree = parts.tree
    this.blocks = parts.blocks
    this.reader = parts.reader
    this.counters = parts.counters
    this.headCert = parts.headCert
  }

  /** Stored, of the head's term and later. */
  get lateLeaderCerts(): readonly LeaderCert[] {
    return [...this.late.values()]
  }

  /** What a restart found. */
  restore(leaderCerts: readonly LeaderCert[]): void {
    for (const certificate of leaderCerts) this.late.set(leaderCertHash(certificate), certificate)
  }

  /** Ahead of their certificate. */
  ahead({ blocks, leaderCerts }: { blocks: readonly Block[]; leaderCerts: readonly LeaderCert[] }): StoreWrite[] {
    return [
      ...blocks.flatMap((block) => this.writeWaiting(block)),
      ...leaderCerts.flatMap((cert) => this.writeLeaderCert(cert)),
    ]
  }

  private writeWaiting(block: Block): StoreWrite[] {
    // Certified already, or lost to what is.
    if (block.header.height <= this.tree.head.height) return []
    this.tree.noteStored(block)
    return writeBlock(block)
  }

  /** A second certificate of a term that the certified chain has gone through is kept, but does not take its place. */
  private writeLeaderCert(cert: LeaderCert): StoreWrite[] {
    if (cert.term >= this.tree.head.header.term) this.late.set(leaderCertHash(cert), cert)
    const isSettled = cert.term <= this.tree.head.header.term && this.blocks.leaderCertHashOf(cert.term) !== undefined
    const stored = writeLeaderCert(cert)
    return isSettled ? stored : [...stored, writeLeaderCertOfTerm(cert.term, leaderCertHash(cert))]
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
  moveHead(
    node: BlockNode,
    { cert, leaderCerts = [] }: { cert: CommitCert; leaderCerts?: readonly LeaderCert[] },
  ): HeadMove {
    this.requireLeaderCerts(node, leaderCerts)
    const elections = leaderCerts.flatMap((certificate) => this.writeLeaderCert(certificate))
    assert(cert.height === node.height, 'commit: certificate and block have one height')
    const path = node.path()
    const epochLink = this.writeEpochLink(node, cert)
    const writes = [
      ...elections,
      ...path.flatMap((certified) => this.writeCommitted(certified)),
      writeCommitCert(cert),
      ...epochLink,
    ]
    this.headCert = cert
    if (path.length > 0) {
      writes.push(writeHead({ height: node.height, hash: node.hash, range: node.range }))
      for (const lost of this.tree.moveHead(node)) writes.push(...deleteBlock(lost))
      for (const [hash, { term }] of this.late) {
        if (term < node.header.term) this.late.delete(hash)
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
}

function blockOf({ block }: BlockNode): Block {
  assert(block !== undefined, 'chain: a block above the head is in memory')
  return block
}
