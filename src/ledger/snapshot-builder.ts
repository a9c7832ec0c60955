// Builds a ledger's store out of a snapshot that somebody else sends. Every piece is checked before it is written, against
// hashes that lead down from the certified block S, so a lie is found at once, and what is stored is bounded by what is
// true. The head is written last: until then the store is no ledger. spec/ledger.md, "Snapshots".

import { commitCertFault, leaderCertFault, type Verifier } from '../consensus/certificate.ts'
import { EpochLinkError, followEpochLink } from '../consensus/epoch-chain.ts'
import { includes, type Lineage } from '../consensus/evidence/lineage.ts'
import { isBodyOf } from '../consensus/header-rules.ts'
import { merkleRoot } from '../crypto/merkle.ts'
import { appendLeaf, isRange, type MountainRange, peakNodes, rangeRoot } from '../crypto/mountain-range.ts'
import type { Block, Header } from '../types/block.ts'
import type { Hash, Height } from '../types/brand.ts'
import type { CommitCert } from '../types/certificate.ts'
import { EXPIRY_WINDOW_MS } from '../types/limits.ts'
import { blockHash, leaderCertHash } from '../types/signing.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import {
  writeBase,
  writeBlock,
  writeCertified,
  writeCommitCert,
  writeEpochLink,
  writeHead,
  writeHeader,
  writeIdentity,
  writeLeaderCert,
  writeLeaderCertOfTerm,
  writeLocation,
  writeRangeNode,
  writeReceipts,
} from './block-store.ts'
import type { KeptPieces } from './kept-pieces.ts'
import type { BranchAddress, SnapshotManifest, StatePiece, TermLink } from './snapshot-format.ts'
import { StateBuilder } from './state-builder.ts'
import { SnapshotConflict, SnapshotFault } from './state-walk.ts'
import type { KeyValueStore, StoreWrite } from './store.ts'

export interface BuilderParts {
  /** Empty. */
  readonly store: KeyValueStore
  readonly genesisBlock: Block
  /** Knows the validators of the genesis, and of whatever epochs have certified `held`. */
  readonly verifier: Verifier
  /** Highest block that is certified here: it is not let go of (R5). Genesis for who has none. */
  readonly held: Pick<Block, 'hash' | 'header'>
  /** Where else it has to be shown which block the snapshot's chain holds. */
  readonly asked: readonly Height[]
  /** Where pieces of the state outlive a fetch that is cut short. */
  readonly kept?: KeptPieces
}

export class SnapshotBuilder {
  readonly manifest: SnapshotManifest
  /** Of S. */
  readonly headHash: Hash
  /** First block that comes along. */
  readonly baseHeight: Height
  private readonly parts: BuilderParts
  /** Knows the validators of every epoch that the manifest shows. */
  readonly verifier: Verifier
  private readonly state: StateBuilder
  /** Blocks of the snapshot's chain at the heights that were asked for. */
  readonly shown = new Map<number, Hash>()
  private readonly asked: Height[]
  /** LeaderCert from which the terms go on downwards; null once they have reached the genesis. */
  private nextTerm: { readonly certHash: Hash; readonly below: Header } | null
  private last: { readonly hash: Hash; readonly header: Header }
  /** Over the blocks before `last`. */
  private range: MountainRange | null = null
  private receiptRoots: Hash[] = []
  private nextReceipts: Height

  /** Throws SnapshotFault. */
  constructor(parts: BuilderParts, manifest: SnapshotManifest) {
    const { head, commitCert, before, range } = manifest
    const { header } = head
    const { chainId } = parts.verifier
    this.verifier = followed(manifest.epochs, parts)
    this.headHash = blockHash(header)
    expect(header.chainId === chainId && before.chainId === chainId, 'it is of another chain')
    expect(commitCert.blockHash === this.headHash, 'its CommitCert is on another block')
    expect(commitCert.height === header.height && commitCert.term === header.term, 'its CommitCert is on another block')
    const fault = commitCertFault(commitCert, this.verifier)
    expect(fault === null, `CommitCert: ${fault}`)
    expect(before.height < header.height, 'it has no block')
    const isGenesis = before.height === 0
    if (isGenesis) expect(blockHash(before) === parts.genesisBlock.hash, 'block 0 is not that of the genesis')
    else expect(before.timeMs <= header.timeMs - EXPIRY_WINDOW_MS, 'it leaves out ids that can still be repeated')
    expect(isRange(range) && range.size === before.height + 1, 'its range does not end where its blocks begin')
    this.parts = parts
    this.manifest = manifest
    const isBelow = (height: Height): boolean => height > 0 && height < header.height
    this.asked = [...new Set([parts.held.header.height, ...parts.asked])].filter(isBelow)
    this.baseHeight = (before.height + 1) as Height
    this.nextReceipts = this.baseHeight
    this.state = new StateBuilder({ stateRoot: header.stateRoot, store: parts.store, kept: parts.kept ?? null })
    this.nextTerm = { certHash: header.leaderCertHash, below: header }
    this.last = { hash: blockHash(before), header: before }
  }

  // ── what is certified and acked here ──

  /** Height at which it has to be shown which block the snapshot's chain holds; null when all is. Before anything is written. */
  get lineageFrom(): Height | null {
    return this.asked.find((height) => !this.shown.has(height)) ?? null
  }

  /**
   * Throws SnapshotConflict where the chain is certified by validators that this node knows from its own, and holds another
   * block. Those of long ago may sign what they like: that is refused like any forgery.
   */
  addLineage(lineage: Lineage): void {
    const { held, verifier } = this.parts
    const { head, commitCert } = this.manifest
    const height = this.lineageFrom as Height
    const { ancestor } = lineage
    const end = { height: head.header.height, hash: this.headHash }
    expect(
      includes(end, { block: { height, hash: ancestor }, lineage }),
      `it does not show its block at height ${height}`,
    )
    this.shown.set(height, ancestor)
    if (height !== held.header.height || ancestor === held.hash) return
    const complaint = `it does not hold block ${held.hash.slice(0, 8)}, which is certified here at height ${height}`
    const isByOwn = commitCert.epoch >= held.header.epoch && commitCertFault(commitCert, verifier) === null
    throw isByOwn ? new SnapshotConflict(complaint) : new SnapshotFault(complaint)
  }

  /** The store's own entries, and what is known of the blocks below. */
  async begin(): Promise<void> {
    const { genesisBlock, verifier } = this.parts
    const { before, range, epochs } = this.manifest
    await this.write([
      ...writeIdentity(verifier.chainId),
      ...writeBlock(genesisBlock),
      writeCertified({ height: 0, hash: genesisBlock.hash }),
      writeBase(this.baseHeight),
      ...(before.height === 0
        ? []
        : [writeHeader(before), writeCertified({ height: before.height, hash: this.last.hash })]),
      ...epochs.map((link, i) => writeEpochLink(genesisBlock.header.epoch + i + 1, link)),
      ...peakNodes(range).map(({ position, hash }) => writeRangeNode(position, hash)),
    ])
  }

  // ── terms ──

  /** LeaderCert from which the next links have to begin; null when all terms are there. */
  get termsFrom(): Hash | null {
    return this.nextTerm?.certHash ?? null
  }

  async addTerms(links: readonly TermLink[]): Promise<void> {
    expect(links.length > 0, 'a LeaderCert is missing')
    const writes: StoreWrite[] = []
    for (const { certificate, tip } of links) {
      expect(this.nextTerm !== null, 'terms below the genesis')
      const { certHash, below } = this.nextTerm as { certHash: Hash; below: Header }
      expect(leaderCertHash(certificate) === certHash, `the LeaderCert of term ${below.term} is another one`)
      const fault = leaderCertFault(certificate, this.verifier)
      expect(fault === null, `the LeaderCert of term ${below.term}: ${fault}`)
      expect(
        certificate.term === below.term && certificate.candidate === below.proposer,
        'a LeaderCert of another term',
      )
      expect(blockHash(tip) === certificate.tip.hash, `the tip of term ${below.term} is another block`)
      expect(
        tip.height === certificate.tip.height && tip.term === certificate.tip.term,
        'a tip is not what was voted for',
      )
      expect(tip.height < below.height && tip.term < below.term, 'terms do not descend')
      writes.push(...writeLeaderCert(certificate), writeLeaderCertOfTerm(certificate.term, certHash))
      if (tip.height === 0) expect(blockHash(tip) === this.parts.genesisBlock.hash, 'the terms lead to another genesis')
      else if (tip.height < this.baseHeight) writes.push(writeHeader(tip))
      this.nextTerm = tip.height === 0 ? null : { certHash: tip.leaderCertHash, below: tip }
    }
    await this.write(writes)
  }

  // ── blocks ──

  /** Height of the next block; null when S is there. */
  get nextBlock(): Height | null {
    return this.last.header.height === this.manifest.head.header.height
      ? null
      : ((this.last.header.height + 1) as Height)
  }

  /** What a run of block sync has to continue. */
  get lastBlock(): { readonly hash: Hash; readonly header: Header } {
    return this.last
  }

  /** Blocks in order, as far as they are wanted; certificates that are on them. The caller has checked signatures. */
  async addBlocks(blocks: readonly Block[], commitCert: CommitCert | null): Promise<void> {
    const writes: StoreWrite[] = []
    for (const block of blocks) {
      const { header, hash, transactions } = block
      if (this.nextBlock === null) break
      expect(header.parentHash === this.last.hash && header.height === this.nextBlock, 'a block is not on its parent')
      expect(isBodyOf(block, { parent: this.last.header }), 'a block has other transactions, or another certificate')
      const range = this.rangeBefore()
      expect(rangeRoot(range.range) === header.logRoot, 'a block has another past')
      for (const { position, hash: node } of range.newNodes) writes.push(writeRangeNode(position, node))
      this.range = range.range
      writes.push(...writeBlock(block), writeCertified({ height: header.height, hash }))
      transactions.forEach(({ id }, index) => {
        writes.push(writeLocation(id, { height: header.height, index }))
      })
      this.receiptRoots.push(header.receiptRoot)
      this.last = { hash, header }
      if (commitCert?.blockHash === hash) writes.push(writeCommitCert(commitCert))
    }
    if (this.nextBlock === null) expect(this.last.hash === this.headHash, 'its blocks lead to another head')
    await this.write(writes)
  }

  /** Over all blocks up to `last`. The manifest's range ends with `before`. */
  private rangeBefore(): ReturnType<typeof appendLeaf> {
    return this.range === null ? { range: this.manifest.range, newNodes: [] } : appendLeaf(this.range, this.last.hash)
  }

  // ── receipts ──

  /** Height whose receipts come next; null when all are there. Blocks come first. */
  get receiptsFrom(): Height | null {
    return this.nextReceipts > this.manifest.head.header.height ? null : this.nextReceipts
  }

  async addReceipts(pages: readonly (readonly Uint8Array[])[]): Promise<void> {
    expect(pages.length > 0, 'receipts are missing')
    const writes: StoreWrite[] = []
    for (const receipts of pages) {
      if (this.receiptsFrom === null) break
      expect(merkleRoot(receipts) === this.receiptRoots.shift(), `height ${this.nextReceipts}: other receipts`)
      writes.push(writeReceipts(this.nextReceipts, receipts))
      this.nextReceipts = (this.nextReceipts + 1) as Height
    }
    await this.write(writes)
  }

  // ── state ──

  /** Branches whose subtrees come next, none for the root; null when the state is complete. */
  get stateFrom(): readonly BranchAddress[] | null {
    return this.state.wanted
  }

  addState(pieces: readonly StatePiece[]): Promise<void> {
    return this.state.add(pieces)
  }

  /** What was kept of a fetch that was cut short, as far as it goes. Answers how many pieces that were. */
  addKeptState(): Promise<number> {
    return this.state.addKept()
  }

  // ── the end ──

  /** Makes the store a ledger, on disk when it resolves. Everything has come. */
  async finish(): Promise<void> {
    const isComplete =
      this.nextTerm === null && this.nextBlock === null && this.receiptsFrom === null && this.stateFrom === null
    expect(isComplete && this.range !== null, 'something is missing')
    const { commitCert, head } = this.manifest
    const stored = { height: head.header.height, hash: this.headHash, range: this.range as MountainRange }
    await this.parts.store.write([writeCommitCert(commitCert), writeHead(stored)], { sync: true })
  }

  private async write(writes: readonly StoreWrite[]): Promise<void> {
    await this.parts.store.write(writes, { sync: false })
  }
}

function followed(
  epochs: SnapshotManifest['epochs'],
  { verifier, genesisBlock }: Pick<BuilderParts, 'verifier' | 'genesisBlock'>,
): Verifier {
  const firstEpoch = genesisBlock.header.epoch
  const first = verifier.setOf(firstEpoch)
  expect(first !== undefined, 'the validators of the genesis are not known')
  const sets = [first as ValidatorSet]
  for (const link of epochs) {
    const set = sets.at(-1) as ValidatorSet
    try {
      sets.push(followEpochLink(link, { ...verifier, set }))
    } catch (error) {
      if (error instanceof EpochLinkError)
        throw new SnapshotFault(`validators of epoch ${set.epoch + 1}: ${error.message}`)
      throw error
    }
  }
  return { ...verifier, setOf: (epoch) => sets[epoch - firstEpoch] }
}

function expect(holds: boolean, complaint: string): void {
  if (!holds) throw new SnapshotFault(complaint)
}
