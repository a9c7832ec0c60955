// An ordered map in memory, for tests of contracts: StateAccess with a way back for refused calls.

import type { StateAccess } from '../execute.ts'

export class MemoryState implements StateAccess {
  private entries = new Map<string, Uint8Array>()

  get(key: Uint8Array): Uint8Array | undefined {
    return this.entries.get(key.toHex())
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.entries.set(key.toHex(), value)
  }

  delete(key: Uint8Array): void {
    this.entries.delete(key.toHex())
  }

  *range(
    prefix: Uint8Array,
    { after, limit }: { readonly after?: Uint8Array; readonly limit: number },
  ): Iterable<readonly [Uint8Array, Uint8Array]> {
    const start = prefix.toHex()
    const behind = after?.toHex() ?? ''
    const keys = [...this.entries.keys()].filter((key) => key.startsWith(start) && key > behind).sort()
    for (const key of keys.slice(0, limit)) yield [Uint8Array.fromHex(key), this.entries.get(key) as Uint8Array]
  }

  /** Runs `change`; what it wrote is dropped unless `isKept` says otherwise. */
  tentatively<T>(change: () => T, isKept: (result: T) => boolean): T {
    const before = new Map(this.entries)
    const result = change()
    if (!isKept(result)) this.entries = before
    return result
  }

  /** Bytes of keys and values under a prefix: what one contract's state takes. */
  get size(): { readonly entries: number; readonly bytes: number } {
    let bytes = 0
    for (const [key, value] of this.entries) bytes += key.length / 2 + value.length
    return { entries: this.entries.size, bytes }
  }
}
