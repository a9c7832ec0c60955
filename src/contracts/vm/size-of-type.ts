// How large a value of a type can be: cells in the machine, bytes in the state, bytes when packed for a hash. Worst-case
// gas follows from it.

import { INTERVAL_ENDS, type ScalarKind, type Type } from './type.ts'

const TEXT_BYTES = new TextEncoder()

/** Bytes of the head of a canonical list, map, text or integer. */
function headBytes(argument: number): number {
  if (argument < 24) return 1
  if (argument < 0x100) return 2
  return argument < 0x1_0000 ? 3 : 9
}

const INTEGER_BYTES = 9
const ID_BYTES = 34
const CODE_BYTES = 64 + 2
/** 64 characters of at most 4 bytes. */
const NAME_BYTES = 256 + 3

const textBytes = (text: string): number => headBytes(text.length) + TEXT_BYTES.encode(text).length
const largest = (sizes: readonly number[]): number => sizes.reduce((most, size) => Math.max(most, size), 0)
const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0)

const SCALAR_BYTES: { readonly [Kind in ScalarKind]: number } = {
  int: INTEGER_BYTES,
  time: INTEGER_BYTES,
  duration: INTEGER_BYTES,
  bool: 1,
  id: ID_BYTES,
  hash: ID_BYTES,
  key: ID_BYTES,
  code: CODE_BYTES,
  name: NAME_BYTES,
}

/** Of what writeCell writes. */
export function stateBytesMax(type: Type): number {
  switch (type.kind) {
    case 'enum':
      return headBytes(type.members.length)
    case 'interval':
      return 1 + 2 * INTEGER_BYTES
    case 'record':
      return headBytes(type.fields.length) + total(type.fields.map((field) => stateBytesMax(field.type)))
    case 'list':
      return headBytes(type.max) + type.max * stateBytesMax(type.item)
    case 'optional':
      return stateBytesMax(type.value)
    default:
      return SCALAR_BYTES[type.kind]
  }
}

/** Of the canonical value: records with the names of their fields, enum members by name. */
export function packedBytesMax(type: Type): number {
  switch (type.kind) {
    case 'enum':
      return largest(type.members.map(textBytes))
    case 'interval':
      return 1 + total(INTERVAL_ENDS.map((end) => textBytes(end) + INTEGER_BYTES))
    case 'record': {
      const fields = type.fields.map(({ name, type: field }) => textBytes(name) + packedBytesMax(field))
      return headBytes(type.fields.length) + total(fields)
    }
    case 'list':
      return headBytes(type.max) + type.max * packedBytesMax(type.item)
    case 'optional':
      return packedBytesMax(type.value)
    default:
      return SCALAR_BYTES[type.kind]
  }
}

/** Of the parts of a key, as key.ts writes them. */
export function keyBytesMax(types: readonly Type[]): number {
  return total(types.map((type) => (type.kind === 'name' ? 257 : type.kind === 'code' ? 65 : 32)))
}

/** Cells of a value, itself included. */
export function cellsMax(type: Type): number {
  switch (type.kind) {
    case 'interval':
      return 3
    case 'record':
      return 1 + total(type.fields.map((field) => cellsMax(field.type)))
    case 'list':
      return 1 + type.max * cellsMax(type.item)
    case 'optional':
      return cellsMax(type.value)
    default:
      return 1
  }
}
