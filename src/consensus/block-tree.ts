// The blocks that this node knows around its certified head: a few certified ones below it, which followers may still
// need, and every uncertified one above it, on all branches. Data and walks only; what may enter is header-rules.ts.

import { appendLeaf, type MountainRange } from '../crypto/mountain-range.ts'
import { assert } from '../types/assert.ts'
import type { Block, Header } from '../types/block.ts'
import type { Hash, Seat } from '../types/brand.ts'
import type { NextSet } from '../types/validator-set.ts'
import type { SignedAck } from './messages.ts'

export interface Entry {
  readonly block: Block
  /** The blocks before it: what its logRoot is the root of. */
  readonly ancestors: MountainRange
  /** Transaction bytes. */
  readonly bytes: number
  /** received: execution has been asked for. valid: executed with the header's roots, and persisted. */
  status: 'received' | 'valid' | 'invalid'
  /** This validator's own ack, once given in this run. */
  ownAck: SignedAck | null
  /** Set of the epoch after the block's, where its state holds one; known once it is valid. */
  nextSet: NextSet | null
  /** Leader: acks of the block, by member. */
  readonly acks: Map<Seat, Uint8Array>
}

export interface BlockTree {
  readonly entries: Map<Hash, Entry>
  /** The certified head, and certified blocks kept below it, oldest first; they are in `entries`, too. */
  readonly recent: Set<Entry>
}

export const bytesOf = (block: Pick<Block, 'transactions'>): number =>
  block.transactions.reduce((total, transaction) => total + transaction.bytes.length, 0)

export function createEntry(
  block: Block,
  { status, ancestors }: { status: Entry['status']; ancestors: MountainRange },
): Entry {
  return { block, ancestors, bytes: bytesOf(block), status, ownAck: null, nextSet: null, acks: new Map() }
}

/** What a child of this block has before it. */
export function ancestorsAfter({
  block,
  ancestors,
}: {
  block: Pick<Block, 'hash'>
  ancestors: MountainRange
}): MountainRange {
  return appendLeaf(ancestors, block.hash).range
}

/** The entry of a block that must be there. */
export function entryOf(tree: BlockTree, hash: Hash): Entry {
  const entry = tree.entries.get(hash)
  assert(entry !== undefined, 'block tree: block is missing')
  return entry
}

export function headerOf(tree: BlockTree, hash: Hash): Header {
  return entryOf(tree, hash).block.header
}

/** The block at `height` on the way from `hash` down, if the tree reaches that far. */
export function ancestorAt(tree: BlockTree, { hash, height }: { hash: Hash; height: number }): Entry | undefined {
  let entry = tree.entries.get(hash)
  while (entry !== undefined && entry.block.header.height > height) {
    entry = tree.entries.get(entry.block.header.parentHash)
  }
  return entry?.block.header.height === height ? entry : undefined
}

/** Is `ancestor` on the chain that ends in `hash`, its end included? */
export function contains(tree: BlockTree, { hash, ancestor }: { hash: Hash; ancestor: Hash }): boolean {
  const wanted = tree.entries.get(ancestor)
  if (wanted === undefined) return false
  return ancestorAt(tree, { hash, height: wanted.block.header.height }) === wanted
}

/** The blocks above `base` up to `hash`, oldest first. `base` must be an ancestor. */
export function pathFrom(tree: BlockTree, { base, hash }: { base: Hash; hash: Hash }): Entry[] {
  const path: Entry[] = []
  for (let at = hash; at !== base; ) {
    const entry = entryOf(tree, at)
    path.push(entry)
    at = entry.block.header.parentHash
  }
  return path.reverse()
}
