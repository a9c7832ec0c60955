// What the runtime asks after every step: may a block be drafted now, and on what?

import type { Epoch, Hash } from '../types/brand.ts'
import { BLOCK_BYTES_MAX } from '../types/limits.ts'
import { entryOf, pathFrom } from './block-tree.ts'
import { UNCERTIFIED_BLOCKS_MAX } from './limits.ts'
import type { State } from './state.ts'

export interface Opportunity {
  readonly parentHash: Hash
  /** Of the block that may be drafted. */
  readonly epoch: Epoch
  /** The draft's time must be above this. */
  readonly parentTimeMs: number
  /** First block of the term: due at once, transactions or not. Any other needs at least one transaction. */
  readonly opening: boolean
  /** Transaction bytes that fit; 0 where only an empty opening block may be made. */
  readonly bytesMax: number
  /** Blocks that wait for their certificate, and their transactions. */
  readonly blocksInFlight: number
  readonly transactionsInFlight: number
}

/** Null unless this node leads, goes on leading, and its window has room. Ask again after every step. */
export function canPropose(state: State): Opportunity | null {
  if (state.halted || state.role.kind !== 'leader') return null
  if (state.role.transferTo !== null) return null
  const { uncertifiedBlocksMax, uncertifiedBytesMax } = state.settings.timing
  const uncertified = pathFrom(state.tree, { base: state.certifiedHash, hash: state.tipHash })
  const bytesUsed = uncertified.reduce((total, entry) => total + entry.bytes, 0)
  const { block: parent, nextSet } = entryOf(state.tree, state.tipHash)
  // Until the change is certified, its epoch goes on, with nothing but opening blocks.
  const isPending = nextSet !== null && parent.header.epoch === state.epoch
  const hasRoom = !isPending && uncertified.length < uncertifiedBlocksMax && bytesUsed < uncertifiedBytesMax
  const opening = !state.role.opened
  if (!opening && !hasRoom) return null
  // More than nobody takes in, or could show in a candidacy.
  if (uncertified.length >= UNCERTIFIED_BLOCKS_MAX) return null
  return {
    parentHash: state.tipHash,
    epoch: state.epoch,
    parentTimeMs: parent.header.timeMs,
    opening,
    bytesMax: hasRoom ? Math.min(BLOCK_BYTES_MAX, uncertifiedBytesMax - bytesUsed) : 0,
    blocksInFlight: uncertified.length,
    transactionsInFlight: uncertified.reduce((total, { block }) => total + block.transactions.length, 0),
  }
}
