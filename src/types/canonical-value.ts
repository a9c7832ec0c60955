// Self-describing values: call arguments, events, return values, contract state. Their shape is in the bytes.

import { type Codec, fromBytes, toBytes } from './canonical.ts'
import {
  compareKeys,
  DecodeError,
  FALSE,
  MAJOR_BYTES,
  MAJOR_LIST,
  MAJOR_MAP,
  MAJOR_NEGATIVE,
  MAJOR_TEXT,
  MAJOR_UNSIGNED,
  NULL,
  type Reader,
  TRUE,
  textEncoder,
  type Writer,
} from './canonical-bytes.ts'
import { VALUE_BYTES_MAX, VALUE_DEPTH_MAX, VALUE_ITEMS_MAX } from './limits.ts'

export type Value = number | boolean | null | string | Uint8Array | readonly Value[] | { readonly [key: string]: Value }

const ASCII = /^[\0-\x7f]*$/

/** By length of their UTF-8, then bytes; of ASCII text that is length and text. */
function sortedKeys(keys: string[]): readonly string[] {
  if (keys.every((key) => ASCII.test(key))) {
    return keys.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  }
  return keys
    .map((key) => ({ key, name: textEncoder.encode(key) }))
    .sort((a, b) => compareKeys(a.name, b.name))
    .map(({ key }) => key)
}

function writeValue(writer: Writer, value: Value, depth: number): void {
  if (depth > VALUE_DEPTH_MAX) throw new RangeError(`canonical: nested deeper than ${VALUE_DEPTH_MAX}`)
  if (typeof value === 'number') writer.integer(value)
  else if (typeof value === 'string') writer.text(value)
  else if (typeof value === 'boolean') writer.byte(value ? TRUE : FALSE)
  else if (value === null) writer.byte(NULL)
  else if (value instanceof Uint8Array) writer.bytes(value)
  else if (Array.isArray(value)) {
    writer.list(value.length)
    for (const item of value as readonly Value[]) writeValue(writer, item, depth + 1)
  } else if (typeof value === 'object') {
    const map = value as { readonly [key: string]: Value }
    const keys = sortedKeys(Object.keys(map))
    writer.map(keys.length)
    for (const key of keys) {
      writer.text(key)
      writeValue(writer, map[key] as Value, depth + 1)
    }
  } else throw new TypeError(`canonical: cannot write a ${typeof value}`)
}

function readMap(reader: Reader, depth: number): Value {
  const count = reader.map(VALUE_ITEMS_MAX)
  const entries: { [key: string]: Value } = {}
  let previous: Uint8Array | undefined
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    const key = reader.text(NAME_BYTES_MAX)
    const encoded = reader.buffer.subarray(start, reader.offset)
    if (previous && compareKeys(previous, encoded) >= 0) throw new DecodeError('map keys not unique and sorted')
    previous = encoded
    const value = readValue(reader, depth + 1)
    // Not assignment: a key named __proto__ must become a property like any other.
    if (key === '__proto__') Object.defineProperty(entries, key, { ...OWN_PROPERTY, value })
    else entries[key] = value
  }
  return entries
}

const NAME_BYTES_MAX = 256
const OWN_PROPERTY = { enumerable: true, writable: true, configurable: true } as const

function readValue(reader: Reader, depth: number): Value {
  if (depth > VALUE_DEPTH_MAX) throw new DecodeError(`nested deeper than ${VALUE_DEPTH_MAX}`)
  const first = reader.peek()
  switch (first >> 5) {
    case MAJOR_UNSIGNED:
    case MAJOR_NEGATIVE:
      return reader.integer()
    case MAJOR_BYTES:
      return reader.bytes(VALUE_BYTES_MAX)
    case MAJOR_TEXT:
      return reader.text(VALUE_BYTES_MAX)
    case MAJOR_LIST: {
      const count = reader.list(VALUE_ITEMS_MAX)
      const items: Value[] = []
      for (let i = 0; i < count; i++) items.push(readValue(reader, depth + 1))
      return items
    }
    case MAJOR_MAP:
      return readMap(reader, depth)
    default:
      reader.offset++
      if (first === TRUE) return true
      if (first === FALSE) return false
      if (first === NULL) return null
      throw new DecodeError('floats, tags and other simple values are not accepted')
  }
}

export const anyValue: Codec<Value> = {
  write: (writer, value) => writeValue(writer, value, 0),
  read: (reader) => readValue(reader, 0),
}

export const encodeValue = (value: Value): Uint8Array => toBytes(anyValue, value)
export const decodeValue = (bytes: Uint8Array): Value => fromBytes(anyValue, bytes)
