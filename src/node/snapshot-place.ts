// Where a snapshot is built, and how it becomes the node's. snapshot-folder.ts has it on disk.

import type { KeyValueStore } from '../ledger/store.ts'

export interface SnapshotPlace {
  /** Empty; what an interrupted fetch built is gone. The caller closes it. */
  create(): Promise<KeyValueStore>
  /** Verified pieces of interrupted fetches, over restarts (ledger/kept-pieces.ts). The caller closes it. */
  pieces(): Promise<KeyValueStore>
  /** It is whole: the next start takes it as the ledger. */
  complete(): Promise<void>
  /** Nobody is going to go on with what was interrupted. */
  forget(): void
}
