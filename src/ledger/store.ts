// The port to a key-value store with ordered keys. level-store.ts (LevelDB) and memory-store.ts implement it; both run
// store-conformance.ts. Keys and values are bytes; keys.ts names what stands under which.

export type StoreWrite =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

export type StoreEntry = readonly [key: Uint8Array, value: Uint8Array]

export interface StoreRange {
  /** Inclusive. */
  readonly from: Uint8Array
  /** Exclusive. */
  readonly to: Uint8Array
  /** Descending by key. */
  readonly reverse?: boolean
  readonly limit?: number
}

export interface KeyValueStore {
  /** Synchronous, so that execution never waits. Sees a write from the moment it was asked for. */
  get(key: Uint8Array): Uint8Array | undefined
  /** Entries in byte order of their keys, as they are when reading starts; sees writes that have resolved. */
  range(range: StoreRange): AsyncIterable<StoreEntry>
  /**
   * All or nothing, in the order given, and after every write asked for earlier. On disk when it resolves if `sync`;
   * a crash may take back the latest writes without `sync`, the last one first. The bytes must not change afterwards.
   */
  write(writes: readonly StoreWrite[], options: { readonly sync: boolean }): Promise<void>
  /** The entries of the last write that reached the database, whole; later writes do not show. Close it soon. */
  snapshot(): StoreSnapshot
  close(): Promise<void>
}

export interface StoreSnapshot {
  get(key: Uint8Array): Uint8Array | undefined
  close(): Promise<void>
}
