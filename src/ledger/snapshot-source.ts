// Reads one snapshot out of a store, piece by piece, as it was at one commit however far the chain has gone since.
// spec/ledger.md, "Snapshots".

import type { Lineage } from '../consensus/evidence/lineage.ts'
import { createRangeProof, readRange } from '../crypto/mountain-range.ts'
import type { Block, SignedHeader } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import { EXPIRY_WINDOW_MS } from '../types/limits.ts'
import { BlockStore } from './block-store.ts'
import { toByteString } from './byte-string.ts'
import { missing } from './certified-reader.ts'
import { STATE_ROOT_KEY, stateKey } from './keys.ts'
import {
  type BranchAddress,
  CHUNK_BYTES_MAX,
  type SnapshotManifest,
  type StatePiece,
  TERM_LINKS_MAX,
  type TermLink,
} from './snapshot-format.ts'
import { addressOf, decodeChildren, decodeRoot, type Node } from './state-node.ts'
import type { StoreSnapshot } from './store.ts'

/** Overhead of an entry in a chunk; keeps many small ones from making a large answer. */
const ENTRY_BYTES = 16

export class SnapshotSource {
  private readonly store: StoreSnapshot
  private readonly blocks: BlockStore
  private readonly genesisBlock: Block | undefined

  /** Owns `store`. Without `genesisBlock` it gives state only. */
  constructor(store: StoreSnapshot, { genesisBlock }: { genesisBlock?: Block }) {
    this.store = store
    this.blocks = new BlockStore(store)
    this.genesisBlock = genesisBlock
  }

  /** Null while the chain is too short for one, or this store began with a snapshot that is too fresh. */
  manifest(): SnapshotManifest | null {
    const at = this.blocks.head() ?? missing('head')
    const commitCert = this.blocks.commitCert(at.height)
    if (commitCert === undefined) return null
    const head = this.signedHeader(at)
    const before = this.lastBefore(head.header.timeMs - EXPIRY_WINDOW_MS, at.height)
    if (before === null) return null
    const range = readRange(before.height + 1, (position) => this.blocks.rangeNode(position))
    return { head, commitCert, epochs: this.blocks.epochLinksFrom(head.header.epoch), before, range }
  }

  /** Which block the chain up to the head holds at a height below; null below the blocks that are kept here. */
  lineage(height: number): Lineage | null {
    const at = this.blocks.head() ?? missing('head')
    if (height < this.blocks.base() || height >= at.height) return null
    const { header } = this.signedHeader(at)
    const ancestor = this.blocks.hashAt(height) ?? missing(`certified hash of height ${height}`)
    const readNode = (position: number): Hash => this.blocks.rangeNode(position)
    return { header, ancestor, proof: createRangeProof(height, { size: header.height, readNode }) }
  }

  private signedHeader(at: { height: number; hash: Hash }): SignedHeader {
    const { header, signature } = this.blocks.block(at) ?? missing(`block ${at.height}`)
    return { header, signature }
  }

  /** The highest block below `headHeight` of this time or earlier, else the genesis. Times rise with heights. */
  private lastBefore(timeMs: number, headHeight: number): SnapshotManifest['before'] | null {
    let low = this.blocks.base() - 1
    let high = headHeight
    if (low > 0 && this.headerAt(low).timeMs > timeMs) return null
    while (low + 1 < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.headerAt(middle).timeMs <= timeMs) low = middle
      else high = middle
    }
    return this.headerAt(low)
  }

  private headerAt(height: number): SnapshotManifest['before'] {
    if (height === 0) return this.genesisBlock?.header ?? missing('genesis')
    const hash = this.blocks.hashAt(height) ?? missing(`certified hash of height ${height}`)
    return this.blocks.headerOf(hash) ?? missing(`header ${height}`)
  }

  /** From the LeaderCert of this hash down to the genesis, as many as fit. */
  terms(from: Hash): readonly TermLink[] {
    const links: TermLink[] = []
    for (let at = from; links.length < TERM_LINKS_MAX; ) {
      const certificate = this.blocks.leaderCert(at)
      if (certificate === undefined) break
      const { hash, height } = certificate.tip
      const tip = height === 0 ? this.genesisBlock?.header : this.blocks.headerOf(hash)
      if (tip === undefined) break
      links.push({ certificate, tip })
      if (height === 0) break
      at = tip.leaderCertHash
    }
    return links
  }

  /** The subtrees of these branches in their order, parents before children, until the chunk is full. */
  state(branches: readonly BranchAddress[]): readonly StatePiece[] {
    const pieces: StatePiece[] = []
    let size = 0
    const add = (branch: Uint8Array, children: readonly Node[]): void => {
      const leaves = children.filter(({ kind }) => kind === 'leaf')
      const values = leaves.map((leaf) => this.store.get(stateKey((leaf as { key: string }).key)))
      if (values.includes(undefined)) missing('value of a state key')
      pieces.push({ branch, values: values as Uint8Array[] })
      size += branch.length + values.reduce((sum, value) => sum + ENTRY_BYTES + (value as Uint8Array).length, 0)
    }
    const waiting: { depth: number; prefix: string }[] = branches
      .map(({ depth, prefix }) => ({ depth, prefix: toByteString(prefix) }))
      .reverse()
    if (waiting.length === 0) {
      const stored = this.store.get(STATE_ROOT_KEY) ?? missing('root of the state')
      const root = decodeRoot(stored)
      add(stored, root === undefined ? [] : [root])
      if (root?.kind === 'branch') waiting.push(root)
    }
    for (let place = waiting.pop(); place !== undefined && size < CHUNK_BYTES_MAX; place = waiting.pop()) {
      const stored = this.store.get(addressOf(place))
      if (stored === undefined) break
      const children = decodeChildren(stored, place)
      add(stored, children)
      for (const child of children.toReversed()) if (child.kind === 'branch') waiting.push(child)
    }
    return pieces
  }

  /** Of consecutive blocks from this height on, as many as fit: at least one, unless there is none. */
  receipts(fromHeight: number): readonly (readonly Uint8Array[])[] {
    const pages: (readonly Uint8Array[])[] = []
    let size = 0
    for (let height = fromHeight; size < CHUNK_BYTES_MAX; height++) {
      const receipts = this.blocks.receiptBytes(height)
      if (receipts === undefined) break
      pages.push(receipts)
      size += ENTRY_BYTES + receipts.reduce((sum, receipt) => sum + ENTRY_BYTES + receipt.length, 0)
    }
    return pages
  }

  close(): Promise<void> {
    return this.store.close()
  }
}
