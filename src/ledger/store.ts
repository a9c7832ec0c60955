// The port to a key-value store with ordered keys. level-store.ts (LevelDB) and memory-store.ts implement it; both run
// store-conformance.ts. Keys and values are bytes; keys.ts names what stands under which.

export type StoreWrite =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

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
  /** Synchronous, so that execution never waits. The bytes are the caller's to keep. */
  get(key: Uint8Array): Uint8Array | undefined
  /** Entries in byte order of their keys, as they were when the call was made. */
  range(range: StoreRange): Promise<readonly (readonly [key: Uint8Array, value: Uint8Array])[]>
  /** All or nothing, in the order given. With `sync`, on disk when it resolves. */
  write(writes: readonly StoreWrite[], options: { readonly sync: boolean }): Promise<void>
  close(): Promise<void>
}
