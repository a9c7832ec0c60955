// The maps of one contract over the bytes of the state: keys, values, ranges, and what they cost.

import { DecodeError, Reader, Writer } from '../../types/canonical-bytes.ts'
import { ContractError } from '../errors.ts'
import type { StateAccess } from '../state-access.ts'
import { type Cell, readCell, writeCell } from './cell.ts'
import { behindAll, decodeKey, encodeKey, encodePassingKey, justBefore } from './key.ts'
import type { RangeEntry } from './module.ts'
import type { StateTable } from './program.ts'

/** An entry as a range found it; decoded when the loop comes to it. */
export type RawEntry = readonly [key: Uint8Array, value: Uint8Array]

/** For one access: the next call overwrites it. */
export function stateKey(table: StateTable, parts: readonly Cell[]): Uint8Array {
  return encodePassingKey(table.prefix, table.keyTypes, parts)
}

/**
 * Decoded values by the bytes they were decoded from: a store that hands out the same array for an unchanged entry
 * saves the decoding. Costs and results are the same with and without.
 */
const decoded = new WeakMap<StateTable, WeakMap<Uint8Array, Cell>>()

export function decodeStateValue(table: StateTable, bytes: Uint8Array): Cell {
  let cache = decoded.get(table)
  if (cache === undefined) {
    cache = new WeakMap()
    decoded.set(table, cache)
  }
  const known = cache.get(bytes)
  if (known !== undefined) return known
  const cell = orCorrupt(table, () => {
    const reader = new Reader(bytes)
    const read = readCell(reader, table.value)
    reader.end()
    return read
  })
  cache.set(bytes, cell)
  return cell
}

export function encodeStateValue(table: StateTable, cell: Cell): Uint8Array {
  const writer = new Writer()
  writeCell(writer, table.value, cell)
  return writer.finish()
}

/** Parts of the key behind the prefix, by which the range was found. */
export function decodeEntryKey(table: StateTable, range: RangeEntry, entry: RawEntry, prefix: Uint8Array): Cell[] {
  return orCorrupt(table, () => decodeKey(entry[0], prefix.length, table.keyTypes.slice(range.prefix)))
}

export interface RangeRead {
  readonly prefix: Uint8Array
  /** At most one more than the range's maximum. */
  readonly entries: readonly RawEntry[]
}

/** `parts` are the prefix; `start` the parts after it where the range begins, of which a null means: at the beginning. */
export function readRange(
  state: Pick<StateAccess, 'range'>,
  range: { readonly table: StateTable; readonly entry: RangeEntry },
  bounds: { readonly parts: readonly Cell[]; readonly start: readonly Cell[] },
): RangeRead {
  const { table, entry } = range
  const prefix = encodeKey(table.prefix, table.keyTypes, bounds.parts)
  const limit = entry.strict ? entry.max + 1 : entry.max
  if (bounds.start.length === 0 || bounds.start.includes(null)) {
    return { prefix, entries: [...state.range(prefix, { limit })] }
  }
  const start = encodeKey(table.prefix, table.keyTypes, [...bounds.parts, ...bounds.start])
  const after = entry.after ? behindAll(start) : justBefore(start)
  return { prefix, entries: [...state.range(prefix, { after, limit })] }
}

function orCorrupt<T>(table: StateTable, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    // A TypeError is TextDecoder's word for bytes that are no UTF-8.
    if (!(error instanceof DecodeError || error instanceof TypeError)) throw error
    throw new ContractError('STATE_CORRUPT', `state ${table.name}`, error.message)
  }
}
