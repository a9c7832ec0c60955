// An ordered map in memory as state of contracts, with a way back for refused calls: for deciding, running and testing
// without a ledger.

import { lowerBound } from '../types/lower-bound.ts'
import type { StateAccess } from './state-access.ts'

/** Keys as hex: text in the order of the bytes. */
type HexKey = string

export class MemoryState implements StateAccess {
  private readonly values = new Map<HexKey, Uint8Array>()
  /** Keys of `values`, ascending. */
  private readonly ordered: HexKey[] = []
  /** What was there before each change that may be dropped; undefined: nothing. */
  private readonly journal: (readonly [key: HexKey, before: Uint8Array | undefined])[] = []
  private nesting = 0

  get(key: Uint8Array): Uint8Array | undefined {
    return this.values.get(key.toHex())
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.set(key.toHex(), value)
  }

  delete(key: Uint8Array): void {
    this.set(key.toHex(), undefined)
  }

  *range(
    prefix: Uint8Array,
    { after, limit }: { readonly after?: Uint8Array; readonly limit: number },
  ): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    const start = prefix.toHex()
    // Longer than `after`, so behind it, and before every other key behind it.
    let position = lowerBound(this.ordered, after === undefined ? start : `${after.toHex()}0`)
    for (let found = 0; found < limit; found++, position++) {
      const key = this.ordered[position]
      if (key === undefined || !key.startsWith(start)) return
      yield [Uint8Array.fromHex(key), this.values.get(key) as Uint8Array]
    }
  }

  /** Runs `change`; what it wrote is dropped unless `isKept` says otherwise, or when it throws. */
  tentatively<T>(change: () => T, isKept: (result: T) => boolean): T {
    const mark = this.journal.length
    let kept = false
    this.nesting++
    try {
      const result = change()
      kept = isKept(result)
      return result
    } finally {
      if (!kept) this.rollBack(mark)
      if (--this.nesting === 0) this.journal.length = 0
    }
  }

  /** How much there is: entries, and bytes of their keys and values. */
  get size(): { readonly entries: number; readonly bytes: number } {
    let bytes = 0
    for (const [key, value] of this.values) bytes += key.length / 2 + value.length
    return { entries: this.values.size, bytes }
  }

  private rollBack(mark: number): void {
    while (this.journal.length > mark) {
      const [key, before] = this.journal.pop() as MemoryState['journal'][number]
      this.assign(key, before)
    }
  }

  private set(key: HexKey, value: Uint8Array | undefined): void {
    if (this.nesting > 0) this.journal.push([key, this.values.get(key)])
    this.assign(key, value)
  }

  private assign(key: HexKey, value: Uint8Array | undefined): void {
    const isThere = this.values.has(key)
    const position = isThere === (value !== undefined) ? -1 : lowerBound(this.ordered, key)
    if (value === undefined) {
      this.values.delete(key)
      if (position >= 0) this.ordered.splice(position, 1)
    } else {
      this.values.set(key, value)
      if (position >= 0) this.ordered.splice(position, 0, key)
    }
  }
}
