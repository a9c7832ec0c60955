// KeyValueStore in memory: the twin for tests and simulations. It knows what a crash may take away.

import { type ByteString, fromByteString, toByteString } from './byte-string.ts'
import type { KeyValueStore, StoreEntry, StoreRange, StoreSnapshot, StoreWrite } from './store.ts'

export class MemoryStore implements KeyValueStore {
  private readonly entries: Map<ByteString, Uint8Array>
  /** Keys in order, made when a range needs it. */
  private ordered: ByteString[] | undefined
  /** As it was at the last synced write, and the writes since. */
  private durable: Map<ByteString, Uint8Array>
  private unsynced: (readonly StoreWrite[])[] = []

  constructor(entries: Iterable<readonly [ByteString, Uint8Array]> = []) {
    this.entries = new Map(entries)
    this.durable = new Map(this.entries)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.entries.get(toByteString(key))
  }

  async *range({ from, to, reverse = false, limit = Number.POSITIVE_INFINITY }: StoreRange): AsyncIterable<StoreEntry> {
    this.ordered ??= [...this.entries.keys()].sort()
    const first = toByteString(from)
    const end = toByteString(to)
    const keys = this.ordered.filter((key) => first <= key && key < end)
    if (reverse) keys.reverse()
    const found = keys.slice(0, limit).map((key) => [fromByteString(key), this.entries.get(key) as Uint8Array] as const)
    yield* found
  }

  async write(writes: readonly StoreWrite[], { sync }: { readonly sync: boolean }): Promise<void> {
    apply(this.entries, writes)
    this.ordered = undefined
    this.unsynced.push(writes)
    if (!sync) return
    for (const earlier of this.unsynced) apply(this.durable, earlier)
    this.unsynced = []
  }

  snapshot(): StoreSnapshot {
    const entries = new Map(this.entries)
    return { get: (key) => entries.get(toByteString(key)), close: async () => undefined }
  }

  async close(): Promise<void> {}

  /** Writes that a crash may still take back. */
  get unsyncedWrites(): number {
    return this.unsynced.length
  }

  /** What a machine finds after a crash in which the last `lost` unsynced writes did not reach the disk. */
  afterCrash({ lost }: { readonly lost: number }): MemoryStore {
    const survived = new Map(this.durable)
    for (const writes of this.unsynced.slice(0, Math.max(0, this.unsynced.length - lost))) apply(survived, writes)
    return new MemoryStore(survived)
  }
}

function apply(entries: Map<ByteString, Uint8Array>, writes: readonly StoreWrite[]): void {
  for (const write of writes) {
    const key = toByteString(write.key)
    if (write.type === 'put') entries.set(key, write.value)
    else entries.delete(key)
  }
}
