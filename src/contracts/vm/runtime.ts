// What generated code calls for everything that is more than an operator: checks that the verifier cannot make, gas that
// depends on sizes, state, events, hashes.

import type { Hash } from '../../types/brand.ts'
import { encodeValue } from '../../types/canonical-value.ts'
import { TAG } from '../../types/tags.ts'
import { type Cell, isEmptyInterval, valueFromCell } from './cell.ts'
import {
  decodeEntryKey,
  decodeStateValue,
  encodeStateValue,
  type RawEntry,
  readRange,
  stateKey,
} from './contract-state.ts'
import { GAS } from './instruction.ts'
import { holds, isWithin, overlap } from './interval.ts'
import { hashPacked, type Machine } from './machine.ts'
import type { RangeEntry } from './module.ts'
import type { StateTable } from './program.ts'
import { refuse } from './refusal.ts'
import type { Type } from './type.ts'

type List = readonly Cell[]

/** A range that a loop walks over. */
export interface Scan {
  readonly entries: readonly RawEntry[]
  readonly prefix: Uint8Array
}

export const RUNTIME = {
  holds,
  isWithin,
  overlap,

  outOfGas: (): never => refuse('OUT_OF_GAS'),

  tooLarge: (): never => refuse('RANGE_TOO_LARGE'),

  safe(result: number): number {
    if (result > Number.MAX_SAFE_INTEGER || result < Number.MIN_SAFE_INTEGER) refuse('OVERFLOW')
    return result
  },

  /** Exact: the remainder is, and the difference is a multiple of the divisor. + 0 turns -0 into 0. */
  divide(left: number, right: number): number {
    if (right === 0) refuse('DIVISION_BY_ZERO')
    return (left - (left % right)) / right + 0
  },

  remainder(left: number, right: number): number {
    if (right === 0) refuse('DIVISION_BY_ZERO')
    return (left % right) + 0
  },

  unwrap: (cell: Cell): Cell => cell ?? refuse('MISSING_VALUE'),

  /** A record or list that was just made. */
  made(m: Machine, cells: List): List {
    m.chargeCells(cells.length)
    return cells
  },

  interval(m: Machine, from: number | null, to: number | null): List {
    const ends = [from, to]
    if (isEmptyInterval(ends)) refuse('EMPTY_INTERVAL')
    m.note(ends.length)
    return ends
  },

  withField(m: Machine, record: List, field: number, value: Cell): List {
    const copy = record.slice()
    m.chargeCells(copy.length)
    copy[field] = value
    return copy
  },

  index(list: List, index: number): Cell {
    if (index < 0 || index >= list.length) refuse('INDEX_OUT_OF_RANGE')
    return list[index] as Cell
  },

  contains(m: Machine, item: Cell, list: List): boolean {
    m.charge(list.length >> GAS.perComparisonShift)
    return list.includes(item)
  },

  append: (m: Machine, list: List, item: Cell, max: number): List => m.append(list, item, max),

  withMember(m: Machine, list: List, item: Cell, max: number): List {
    m.charge(list.length >> GAS.perComparisonShift)
    return list.includes(item) ? list : m.append(list, item, max)
  },

  withoutMember(m: Machine, list: List, item: Cell): List {
    m.chargeCells(list.length)
    return list.filter((member) => member !== item)
  },

  replace(m: Machine, list: List, index: number, item: Cell): List {
    if (index < 0 || index >= list.length) refuse('INDEX_OUT_OF_RANGE')
    m.chargeCells(list.length)
    const copy = list.slice()
    copy[index] = item
    return copy
  },

  get(m: Machine, table: StateTable, key: List): Cell {
    const bytes = m.state.get(stateKey(table, key))
    return bytes === undefined ? null : m.decode(table, bytes)
  },

  has: (m: Machine, table: StateTable, key: List): boolean => m.state.get(stateKey(table, key)) !== undefined,

  /** Its price depends on nothing: how deep a hierarchy is must not decide what a call costs. */
  covers(m: Machine, table: StateTable, parts: List): boolean {
    const bytes = m.state.get(stateKey(table, [...parts.slice(0, -2), parts.at(-1) as Cell]))
    return bytes !== undefined && (decodeStateValue(table, bytes) as List).includes(parts.at(-2) as Cell)
  },

  put(m: Machine, table: StateTable, parts: List): void {
    const bytes = encodeStateValue(table, parts.at(-1) as Cell)
    const key = stateKey(table, parts.slice(0, -1))
    m.chargeBytes(key.length + bytes.length, GAS.perByteWrittenShift)
    m.state.put(key, bytes)
  },

  delete: (m: Machine, table: StateTable, key: List): void => m.state.delete(stateKey(table, key)),

  scan(m: Machine, table: StateTable, range: RangeEntry, bounds: List): Scan {
    const found = readRange(
      m.state,
      { table, entry: range },
      { parts: bounds.slice(0, range.prefix), start: bounds.slice(range.prefix) },
    )
    if (found.entries.length > range.max) refuse('RANGE_TOO_LARGE')
    m.charge(found.entries.length * GAS.perEntry)
    return found
  },

  /** Parts of the key behind the prefix, and the value where the range wants it. */
  entry(m: Machine, table: StateTable, range: RangeEntry, { entries, prefix }: Scan, at: number): List {
    const entry = entries[at] as RawEntry
    const parts = decodeEntryKey(table, range, entry, prefix)
    if (range.values) parts.push(m.decode(table, entry[1]))
    return parts
  },

  pack(m: Machine, type: Type, cell: Cell): Uint8Array {
    const packed = encodeValue(valueFromCell(type, cell))
    m.chargeBytes(packed.length, GAS.perByteShift)
    return packed
  },

  hash: (packed: readonly Uint8Array[]): Hash => hashPacked(TAG.clauseHash, packed),

  deriveId(m: Machine, packed: readonly Uint8Array[]): Hash {
    const { transactionId, callIndex } = m.transaction()
    return hashPacked(TAG.clauseId, [...[Uint8Array.fromHex(transactionId), callIndex].map(encodeValue), ...packed])
  },
} as const
