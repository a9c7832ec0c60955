// What can still be read of a damaged database, as a KeyValueStore: the newest version of every key that its files show.
// LevelDB itself must not open such files: it may abort. Nothing here is trusted; `assent verify` checks all of it.

import { decodeNumber, encodeNumber } from './keys.ts'
import type { LevelEntry } from './level-files.ts'
import type { KeyValueStore, StoreEntry, StoreRange, StoreWrite } from './store.ts'

/** In `scratch` every value has its sequence number before it, and the mark of a deletion. */
const NUMBER_BYTES = 8
const HEADER_BYTES = NUMBER_BYTES + 1
const DELETED = 0
const PRESENT = 1

export class SalvagedStore implements Pick<KeyValueStore, 'get' | 'range' | 'close'> {
  private readonly scratch: KeyValueStore

  /** `scratch` is empty, and this store's own. */
  constructor(scratch: KeyValueStore) {
    this.scratch = scratch
  }

  async add(entries: readonly LevelEntry[]): Promise<void> {
    const newest = new Map<string, LevelEntry>()
    for (const entry of entries) {
      const name = entry.key.toHex()
      const known = newest.get(name)?.sequence ?? this.sequenceOf(entry.key)
      if (known === undefined || entry.sequence > known) newest.set(name, entry)
    }
    const writes = [...newest.values()].map(({ key, sequence, value }): StoreWrite => {
      const stored = new Uint8Array(HEADER_BYTES + (value?.length ?? 0))
      stored.set(encodeNumber(Math.min(sequence, Number.MAX_SAFE_INTEGER)))
      stored[NUMBER_BYTES] = value === undefined ? DELETED : PRESENT
      if (value !== undefined) stored.set(value, HEADER_BYTES)
      return { type: 'put', key, value: stored }
    })
    await this.scratch.write(writes, { sync: false })
  }

  private sequenceOf(key: Uint8Array): number | undefined {
    const stored = this.scratch.get(key)
    return stored && decodeNumber(stored)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const stored = this.scratch.get(key)
    return stored?.[NUMBER_BYTES] === PRESENT ? stored.subarray(HEADER_BYTES) : undefined
  }

  async *range(range: StoreRange): AsyncIterable<StoreEntry> {
    for await (const [key, stored] of this.scratch.range(range)) {
      if (stored[NUMBER_BYTES] === PRESENT) yield [key, stored.subarray(HEADER_BYTES)]
    }
  }

  close(): Promise<void> {
    return this.scratch.close()
  }
}
