// Builds a state in an empty store, piece by piece: what was kept of a fetch that was cut short, and what a peer sends. The
// walk (state-walk.ts) checks each by the hash that the pieces above it have for it.

import type { Hash } from '../types/brand.ts'
import type { KeptPieces } from './kept-pieces.ts'
import type { BranchAddress, StatePiece } from './snapshot-format.ts'
import { SnapshotFault, StateWalk } from './state-walk.ts'
import type { KeyValueStore, StoreWrite } from './store.ts'

/** Kept pieces that are taken in one write: about 1 MB. */
const PIECES_AT_ONCE = 1_000

export class StateBuilder {
  private readonly store: KeyValueStore
  private readonly walk: StateWalk
  private readonly kept: KeptPieces | null

  /** `kept`: null where nothing is to outlive this fetch. */
  constructor(parts: { readonly stateRoot: Hash; readonly store: KeyValueStore; readonly kept: KeptPieces | null }) {
    this.store = parts.store
    this.kept = parts.kept
    this.walk = new StateWalk(parts.stateRoot)
  }

  /** Branches whose subtrees come next, none for the root; null when the state is complete. */
  get wanted(): readonly BranchAddress[] | null {
    return this.walk.wanted((branch) => this.kept?.get(branch) !== undefined)
  }

  /** Throws SnapshotFault. */
  async add(pieces: readonly StatePiece[]): Promise<void> {
    if (pieces.length === 0) throw new SnapshotFault('a part of the state is missing')
    const taken = new Map<Hash, StatePiece>()
    const writes: StoreWrite[] = []
    for (const piece of pieces) {
      const branch = this.walk.next
      writes.push(...this.walk.take(piece))
      if (branch !== null) taken.set(branch, piece)
    }
    await this.store.write(writes, { sync: false })
    await this.kept?.keep(taken)
  }

  /** Takes what is kept, as far as it goes. Answers how many pieces that were. */
  async addKept(): Promise<number> {
    let count = 0
    for (let taken = await this.takeKept(); taken > 0; taken = await this.takeKept()) count += taken
    return count
  }

  private async takeKept(): Promise<number> {
    const { kept, walk } = this
    const writes: StoreWrite[] = []
    let count = 0
    for (let branch = walk.next; kept !== null && branch !== null && count < PIECES_AT_ONCE; branch = walk.next) {
      const piece = kept.get(branch)
      if (piece === undefined) break
      try {
        writes.push(...walk.take(piece))
        count++
      } catch (error) {
        if (!(error instanceof SnapshotFault)) throw error
        // The disk has not kept what it was given.
        await kept.forget(branch)
        break
      }
    }
    await this.store.write(writes, { sync: false })
    return count
  }
}
