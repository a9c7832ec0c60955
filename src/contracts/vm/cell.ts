// Values as the machine holds them, and the three ways out of it: canonical values (arguments, results, events),
// state bytes, parts of a key. A cell never changes after it was made.
//
//   int, time, duration, bool   number, boolean        enum       position of the member
//   id, hash, key               64 hex digits          record     array of its fields in order
//   code, name                  text                   list       array
//   none                        null                   some x     x
//   interval                    [from, to], each a number or null

import { assertNever } from '../../types/assert.ts'
import { DecodeError, type Reader, type Writer } from '../../types/canonical-bytes.ts'
import type { Value } from '../../types/canonical-value.ts'
import { bytesOfHex } from './hex.ts'
import { type Field, INTERVAL_END, INTERVAL_ENDS, type Type, typeText } from './type.ts'

export type Cell = number | boolean | string | null | readonly Cell[]

const CODE = /^[A-Za-z0-9._|:/#-]{1,64}$/
const NAME = /^\P{Cc}{1,64}$/u
const NAME_BYTES_MAX = 256

export const isCode = (text: string): boolean => CODE.test(text)
export const isName = (text: string): boolean => text.isWellFormed() && NAME.test(text)

const EXPECTED_CODE = '1 to 64 of the characters A-Z a-z 0-9 . _ | : / # -'
const EXPECTED_INTERVAL = 'a record with from and to, each a time in integer milliseconds or null, from before to'
const EXPECTED_NAME = '1 to 64 characters of text without control characters'

/** A value that is not of the type it should be. `path` names the field, `expected` what is accepted. */
export class ValueError extends Error {
  path: string
  readonly expected: string
  constructor(path: string, expected: string) {
    super(`${path}: expected ${expected}`)
    this.path = path
    this.expected = expected
  }
}

/** What a type accepts, in words. */
export function expectation(type: Type): string {
  switch (type.kind) {
    case 'int':
    case 'time':
    case 'duration':
      return type.kind === 'int' ? 'an integer within +-(2^53-1)' : `a ${type.kind} in integer milliseconds`
    case 'bool':
      return 'true or false'
    case 'id':
    case 'hash':
    case 'key':
      return 'exactly 32 bytes'
    case 'code':
      return EXPECTED_CODE
    case 'name':
      return EXPECTED_NAME
    case 'enum':
      return `one of ${type.members.join(', ')}`
    case 'interval':
      return EXPECTED_INTERVAL
    case 'record':
      return `a record with exactly the fields ${type.fields.map((field) => field.name).join(', ')}`
    case 'list':
      return `a list of at most ${type.max} of ${typeText(type.item)}`
    case 'optional':
      return `null or ${expectation(type.value)}`
    default:
      return assertNever(type)
  }
}

/** Trusts nothing about `value`. Throws ValueError with the path of the part at fault. */
export function cellFromValue(type: Type, value: Value | undefined, path: string): Cell {
  const refused = () => new ValueError(path, expectation(type))
  switch (type.kind) {
    case 'int':
    case 'time':
    case 'duration':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw refused()
      return value + 0
    case 'bool':
      if (typeof value !== 'boolean') throw refused()
      return value
    case 'id':
    case 'hash':
    case 'key':
      if (!(value instanceof Uint8Array) || value.length !== 32) throw refused()
      return value.toHex()
    case 'code':
      if (typeof value !== 'string' || !isCode(value)) throw refused()
      return value
    case 'name':
      if (typeof value !== 'string' || !isName(value)) throw refused()
      return value
    case 'enum': {
      const position = typeof value === 'string' ? type.members.indexOf(value) : -1
      if (position < 0) throw refused()
      return position
    }
    case 'interval': {
      if (!isPlainMap(value) || Object.keys(value).length !== 2) throw refused()
      const ends = INTERVAL_ENDS.map((end) => {
        if (!Object.hasOwn(value, end)) throw refused()
        return cellFromValue(INTERVAL_END, value[end], `${path}.${end}`) as number | null
      })
      if (isEmptyInterval(ends)) throw refused()
      return ends
    }
    case 'record': {
      if (!isPlainMap(value) || Object.keys(value).length !== type.fields.length) throw refused()
      return type.fields.map((field) => {
        if (!Object.hasOwn(value, field.name)) throw refused()
        return cellFromValue(field.type, value[field.name], `${path}.${field.name}`)
      })
    }
    case 'list':
      if (!Array.isArray(value) || value.length > type.max) throw refused()
      return Array.from(value as readonly Value[], (item, i) => cellFromValue(type.item, item, `${path}[${i}]`))
    case 'optional':
      return value === null ? null : cellFromValue(type.value, value, path)
    default:
      return assertNever(type)
  }
}

/** A half-open interval whose end does not come after its start contains nothing. */
export function isEmptyInterval([from, to]: readonly (number | null | undefined)[]): boolean {
  return typeof from === 'number' && typeof to === 'number' && from >= to
}

function isPlainMap(value: Value | undefined): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** Self-describing: records become maps with field names, enum members their names. */
export function valueFromCell(type: Type, cell: Cell): Value {
  switch (type.kind) {
    case 'int':
    case 'time':
    case 'duration':
    case 'bool':
    case 'code':
    case 'name':
      return cell as Value
    case 'id':
    case 'hash':
    case 'key':
      return bytesOfHex(cell as string)
    case 'enum':
      return type.members[cell as number] as string
    case 'interval': {
      const [from, to] = cell as readonly (number | null)[]
      return { from: from as Value, to: to as Value }
    }
    case 'record': {
      const fields = cell as readonly Cell[]
      const value: { [name: string]: Value } = {}
      for (let i = 0; i < fields.length; i++) {
        const { name, type: fieldType } = type.fields[i] as Field
        value[name] = valueFromCell(fieldType, fields[i] as Cell)
      }
      return value
    }
    case 'list':
      return (cell as readonly Cell[]).map((item) => valueFromCell(type.item, item))
    case 'optional':
      return cell === null ? null : valueFromCell(type.value, cell)
    default:
      return assertNever(type)
  }
}

/** State form: records as lists of their fields, enum members as their position. */
export function writeCell(writer: Writer, type: Type, cell: Cell): void {
  switch (type.kind) {
    case 'int':
    case 'time':
    case 'duration':
    case 'enum':
      writer.integer(cell as number)
      return
    case 'bool':
      writer.byte(cell === true ? 0xf5 : 0xf4)
      return
    case 'id':
    case 'hash':
    case 'key':
      writer.bytes(Uint8Array.fromHex(cell as string))
      return
    case 'code':
    case 'name':
      writer.text(cell as string)
      return
    case 'interval':
      writer.list(2)
      for (const end of cell as readonly Cell[]) writeCell(writer, INTERVAL_END, end)
      return
    case 'record': {
      const fields = cell as readonly Cell[]
      writer.list(fields.length)
      for (let i = 0; i < fields.length; i++)
        writeCell(writer, (type.fields[i] as { type: Type }).type, fields[i] as Cell)
      return
    }
    case 'list': {
      const items = cell as readonly Cell[]
      writer.list(items.length)
      for (const item of items) writeCell(writer, type.item, item)
      return
    }
    case 'optional':
      if (cell === null) writer.byte(0xf6)
      else writeCell(writer, type.value, cell)
      return
    default:
      assertNever(type)
  }
}

/** Reads what writeCell wrote, and a record of an earlier version whose later fields are all optional. */
export function readCell(reader: Reader, type: Type): Cell {
  switch (type.kind) {
    case 'int':
    case 'time':
    case 'duration':
      return reader.integer()
    case 'enum': {
      const position = reader.integer()
      if (position < 0 || position >= type.members.length) throw new DecodeError(`expected ${expectation(type)}`)
      return position
    }
    case 'bool': {
      const byte = reader.peek()
      if (byte !== 0xf5 && byte !== 0xf4) throw new DecodeError('expected true or false')
      reader.offset++
      return byte === 0xf5
    }
    case 'id':
    case 'hash':
    case 'key': {
      const bytes = reader.bytes(32)
      if (bytes.length !== 32) throw new DecodeError('expected exactly 32 bytes')
      return bytes.toHex()
    }
    case 'code':
      return checked(reader.text(64), isCode, EXPECTED_CODE)
    case 'name':
      return checked(reader.text(NAME_BYTES_MAX), isName, EXPECTED_NAME)
    case 'interval': {
      if (reader.list(2) !== 2) throw new DecodeError('expected two ends')
      const ends = [readCell(reader, INTERVAL_END), readCell(reader, INTERVAL_END)] as (number | null)[]
      if (isEmptyInterval(ends)) throw new DecodeError('an interval is never empty')
      return ends
    }
    case 'record': {
      const count = reader.list(type.fields.length)
      return type.fields.map((field, i) => {
        if (i < count) return readCell(reader, field.type)
        if (field.type.kind !== 'optional') throw new DecodeError(`field ${field.name} is missing`)
        return null
      })
    }
    case 'list': {
      const count = reader.list(type.max)
      const items: Cell[] = []
      for (let i = 0; i < count; i++) items.push(readCell(reader, type.item))
      return items
    }
    case 'optional':
      if (reader.peek() !== 0xf6) return readCell(reader, type.value)
      reader.offset++
      return null
    default:
      return assertNever(type)
  }
}

function checked(text: string, isValid: (text: string) => boolean, expected: string): string {
  if (!isValid(text)) throw new DecodeError(`expected ${expected}`)
  return text
}
