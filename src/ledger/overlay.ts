// StateAccess for the transactions of one block: reads fall through to the parent's state, writes stay here, and a
// journal takes back what a refused call or a failed atomic transaction wrote.

import type { StateAccess } from '../contracts/state-access.ts'
import { assert } from '../types/assert.ts'
import { lowerBound } from '../types/lower-bound.ts'
import { type ByteString, fromByteString, toByteString } from './byte-string.ts'

/** The state below. */
export interface StateBase {
  get(key: ByteString): Uint8Array | undefined
  keys(range: { prefix: ByteString; after: ByteString | undefined }): Iterator<ByteString>
}

/** A point to return to. */
export type Mark = number

interface JournalEntry {
  readonly key: ByteString
  /** Had this block written the key before, and what? */
  readonly wasWritten: boolean
  readonly value: Uint8Array | undefined
}

export class StateOverlay implements StateAccess {
  private readonly base: StateBase
  /** Undefined stands for deleted. */
  private readonly written = new Map<ByteString, Uint8Array | undefined>()
  /** Keys ever written here, in order. May hold keys that were rolled back. */
  private readonly ordered: ByteString[] = []
  private readonly journal: JournalEntry[] = []

  constructor(base: StateBase) {
    this.base = base
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.read(toByteString(key))
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.write(toByteString(key), value)
  }

  delete(key: Uint8Array): void {
    this.write(toByteString(key), undefined)
  }

  range(
    prefixBytes: Uint8Array,
    { after: afterBytes, limit }: { readonly after?: Uint8Array; readonly limit: number },
  ): (readonly [key: Uint8Array, value: Uint8Array])[] {
    const prefix = toByteString(prefixBytes)
    const after = afterBytes && toByteString(afterBytes)
    const below = this.base.keys({ prefix, after })
    let own =
      after === undefined || after < prefix ? lowerBound(this.ordered, prefix) : lowerBound(this.ordered, `${after}\0`)
    let next = below.next()
    const found: (readonly [Uint8Array, Uint8Array])[] = []
    while (found.length < limit) {
      const mine = this.ordered[own]
      const isMine = mine?.startsWith(prefix) ?? false
      const isBelow = next.done !== true
      if (!isMine && !isBelow) break
      const key = isMine && (!isBelow || (mine as ByteString) <= next.value) ? (mine as ByteString) : next.value
      if (isMine && key === mine) own++
      if (isBelow && key === next.value) next = below.next()
      const value = this.read(key)
      if (value !== undefined) found.push([fromByteString(key), value])
    }
    return found
  }

  mark(): Mark {
    return this.journal.length
  }

  rollback(mark: Mark): void {
    assert(mark <= this.journal.length, 'overlay: a mark lies behind, not ahead')
    while (this.journal.length > mark) {
      const { key, wasWritten, value } = this.journal.pop() as JournalEntry
      if (wasWritten) this.written.set(key, value)
      else this.written.delete(key)
    }
  }

  /** Everything that was written and not rolled back. */
  diff(): ReadonlyMap<ByteString, Uint8Array | undefined> {
    return this.written
  }

  private read(key: ByteString): Uint8Array | undefined {
    const value = this.written.get(key)
    return value !== undefined || this.written.has(key) ? value : this.base.get(key)
  }

  private write(key: ByteString, value: Uint8Array | undefined): void {
    const wasWritten = this.written.has(key)
    this.journal.push({ key, wasWritten, value: this.written.get(key) })
    this.written.set(key, value)
    if (wasWritten) return
    const position = lowerBound(this.ordered, key)
    if (this.ordered[position] !== key) this.ordered.splice(position, 0, key)
  }
}
