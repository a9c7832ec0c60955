// Canonical bytes: the DAG-CBOR subset that everything hashed or signed is written in. One value has one encoding,
// and decoding refuses every other byte string: no floats, no tags, no indefinite lengths, shortest heads only, map
// keys unique and sorted by length, then bytes. Source: RFC 8949 section 4.2.1; DAG-CBOR specification.
//
// A Codec writes and reads one typed shape in a single pass, so strictness costs nothing: a record's keys are expected
// in their only possible order. `anyValue` is the codec of self-describing values (call arguments, events, state).

import type { Epoch, Hash, Height, IdentityId, MemberIndex, PublicKey, Term } from './brand.ts'
import { VALUE_BYTES_MAX, VALUE_DEPTH_MAX, VALUE_ITEMS_MAX } from './limits.ts'

export type Value = number | boolean | null | string | Uint8Array | readonly Value[] | { readonly [key: string]: Value }

/** Bytes that are not the canonical encoding of what was expected. `path` names the field. */
export class DecodeError extends Error {
  readonly reason: string
  path: string
  constructor(reason: string, path = '') {
    super(reason)
    this.name = 'DecodeError'
    this.reason = reason
    this.path = path
  }
  /** Prefixes the path while the error travels outwards, so the happy path pays nothing. */
  within(segment: string): this {
    this.path = this.path === '' ? segment : `${segment}.${this.path}`
    this.message = `${this.path}: ${this.reason}`
    return this
  }
}

const MAJOR_UNSIGNED = 0
const MAJOR_NEGATIVE = 1
const MAJOR_BYTES = 2
const MAJOR_TEXT = 3
const MAJOR_LIST = 4
const MAJOR_MAP = 5
const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6
const TWO_32 = 0x1_0000_0000

/** Names and codes: up to this length a loop beats the encoder's call out of JavaScript, three times for 10 characters. */
const SHORT_TEXT = 32

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Growing output buffer. */
export class Writer {
  private buffer = new Uint8Array(512)
  private length = 0

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + count))
    grown.set(this.buffer.subarray(0, this.length))
    this.buffer = grown
  }
  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.length++] = value
  }
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }
  head(major: number, argument: number): void {
    this.reserve(9)
    const { buffer } = this
    const top = major << 5
    if (argument < 24) {
      buffer[this.length++] = top | argument
    } else if (argument < 0x100) {
      buffer[this.length++] = top | 24
      buffer[this.length++] = argument
    } else if (argument < 0x1_0000) {
      buffer[this.length++] = top | 25
      buffer[this.length++] = argument >>> 8
      buffer[this.length++] = argument & 0xff
    } else if (argument < TWO_32) {
      buffer[this.length++] = top | 26
      this.word(argument)
    } else {
      buffer[this.length++] = top | 27
      this.word(Math.floor(argument / TWO_32))
      this.word(argument % TWO_32)
    }
  }
  private word(value: number): void {
    const { buffer } = this
    buffer[this.length++] = (value >>> 24) & 0xff
    buffer[this.length++] = (value >>> 16) & 0xff
    buffer[this.length++] = (value >>> 8) & 0xff
    buffer[this.length++] = value & 0xff
  }
  integer(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError('canonical: expected an integer within +-(2^53-1)')
    if (value >= 0) this.head(MAJOR_UNSIGNED, value)
    else this.head(MAJOR_NEGATIVE, -1 - value)
  }
  bytes(value: Uint8Array): void {
    this.head(MAJOR_BYTES, value.length)
    this.raw(value)
  }
  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.shortAscii(value)) return
    const encoded = textEncoder.encode(value)
    this.head(MAJOR_TEXT, encoded.length)
    this.raw(encoded)
  }
  /** Writes nothing and answers false when there is a character beyond ASCII. */
  private shortAscii(value: string): boolean {
    const start = this.length
    this.head(MAJOR_TEXT, value.length)
    this.reserve(value.length)
    const { buffer } = this
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) {
        this.length = start
        return false
      }
      buffer[this.length++] = code
    }
    return true
  }
  list(count: number): void {
    this.head(MAJOR_LIST, count)
  }
  map(count: number): void {
    this.head(MAJOR_MAP, count)
  }
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }
}

/** Bounded, strict input. Every method throws DecodeError on anything but the canonical form. */
export class Reader {
  readonly buffer: Uint8Array
  offset = 0
  constructor(buffer: Uint8Array) {
    // Of a Buffer, slice() is a view and not a copy: what is decoded must not carry that trap along.
    this.buffer =
      buffer.constructor === Uint8Array ? buffer : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
  }
  peek(): number {
    const byte = this.buffer[this.offset]
    if (byte === undefined) throw new DecodeError('ends too early')
    return byte
  }
  private next(): number {
    const byte = this.peek()
    this.offset++
    return byte
  }
  private word(): number {
    return this.next() * 0x100_0000 + ((this.next() << 16) | (this.next() << 8) | this.next())
  }
  /** Argument of a head of the given major type. */
  head(major: number, expected: string): number {
    const first = this.peek()
    if (first >> 5 !== major) throw new DecodeError(`expected ${expected}`)
    this.offset++
    const info = first & 0x1f
    if (info < 24) return info
    let value: number
    let least: number
    if (info === 24) {
      value = this.next()
      least = 24
    } else if (info === 25) {
      value = (this.next() << 8) | this.next()
      least = 0x100
    } else if (info === 26) {
      value = this.word()
      least = 0x1_0000
    } else if (info === 27) {
      const high = this.word()
      value = high * TWO_32 + this.word()
      least = TWO_32
      if (high > 0x1f_ffff) throw new DecodeError('integer beyond 2^53-1')
    } else throw new DecodeError('indefinite length or reserved head')
    if (value < least) throw new DecodeError('head is not the shortest')
    return value
  }
  integer(): number {
    if (this.peek() >> 5 !== MAJOR_NEGATIVE) return this.head(MAJOR_UNSIGNED, 'an integer')
    const argument = this.head(MAJOR_NEGATIVE, 'an integer')
    if (argument >= Number.MAX_SAFE_INTEGER) throw new DecodeError('integer below -(2^53-1)')
    return -1 - argument
  }
  take(count: number): Uint8Array {
    const end = this.offset + count
    if (end > this.buffer.length) throw new DecodeError('ends too early')
    const bytes = this.buffer.subarray(this.offset, end)
    this.offset = end
    return bytes
  }
  bytes(max: number): Uint8Array {
    const length = this.head(MAJOR_BYTES, 'a byte string')
    if (length > max) throw new DecodeError(`byte string of ${length} bytes, at most ${max} accepted`)
    return this.take(length)
  }
  text(max: number): string {
    const length = this.head(MAJOR_TEXT, 'a text string')
    if (length > max) throw new DecodeError(`text of ${length} bytes, at most ${max} accepted`)
    const short = length <= SHORT_TEXT ? this.shortAscii(length) : undefined
    if (short !== undefined) return short
    try {
      return textDecoder.decode(this.take(length))
    } catch (error) {
      if (error instanceof DecodeError) throw error
      throw new DecodeError('text is not valid UTF-8')
    }
  }
  /** Takes nothing and answers undefined when there is a byte beyond ASCII. */
  private shortAscii(length: number): string | undefined {
    const { buffer, offset } = this
    if (offset + length > buffer.length) return undefined
    let text = ''
    for (let i = offset; i < offset + length; i++) {
      const byte = buffer[i] as number
      if (byte >= 0x80) return undefined
      text += String.fromCharCode(byte)
    }
    this.offset += length
    return text
  }
  list(max: number): number {
    const count = this.head(MAJOR_LIST, 'a list')
    if (count > max) throw new DecodeError(`list of ${count} items, at most ${max} accepted`)
    return count
  }
  map(max: number): number {
    const count = this.head(MAJOR_MAP, 'a map')
    if (count > max) throw new DecodeError(`map of ${count} entries, at most ${max} accepted`)
    return count
  }
  end(): void {
    if (this.offset !== this.buffer.length) throw new DecodeError('trailing bytes')
  }
}

/** One typed shape: `write` trusts the types, `read` trusts nothing. */
export interface Codec<T> {
  write(writer: Writer, value: T): void
  read(reader: Reader): T
}

export type Decoded<C> = C extends Codec<infer T> ? T : never

export function toBytes<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer()
  codec.write(writer, value)
  return writer.finish()
}

/** Byte strings in the result are views of `bytes`. */
export function fromBytes<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes)
  const value = codec.read(reader)
  reader.end()
  return value
}

const compareKeys = (a: Uint8Array, b: Uint8Array): number => {
  if (a.length !== b.length) return a.length - b.length
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareKeys(a, b) === 0
}

// ── scalars ──

/** Integer from 0 to 2^53-1. */
export const uint: Codec<number> = {
  write(writer, value) {
    if (value < 0) throw new RangeError('canonical: expected an integer >= 0')
    writer.integer(value)
  },
  read: (reader) => reader.head(MAJOR_UNSIGNED, 'an integer >= 0'),
}

export const integer: Codec<number> = {
  write: (writer, value) => writer.integer(value),
  read: (reader) => reader.integer(),
}

export const height = uint as Codec<Height>
export const term = uint as Codec<Term>
export const epoch = uint as Codec<Epoch>
export const memberIndex = uint as Codec<MemberIndex>

export const boolean: Codec<boolean> = {
  write: (writer, value) => writer.byte(value ? TRUE : FALSE),
  read(reader) {
    const byte = reader.peek()
    if (byte !== TRUE && byte !== FALSE) throw new DecodeError('expected true or false')
    reader.offset++
    return byte === TRUE
  },
}

/** Byte string of at most `max` bytes. */
export function bytes(max: number): Codec<Uint8Array> {
  return { write: (writer, value) => writer.bytes(value), read: (reader) => reader.bytes(max) }
}

/** Byte string of exactly `length` bytes. */
export function fixedBytes(length: number): Codec<Uint8Array> {
  return {
    write(writer, value) {
      if (value.length !== length) throw new RangeError(`canonical: expected ${length} bytes, got ${value.length}`)
      writer.bytes(value)
    },
    read(reader) {
      const value = reader.bytes(length)
      if (value.length !== length) throw new DecodeError(`expected exactly ${length} bytes, got ${value.length}`)
      return value
    },
  }
}

export const signature = fixedBytes(64)

const bytes32 = fixedBytes(32)
const hex32: Codec<string> = {
  write: (writer, value) => bytes32.write(writer, Uint8Array.fromHex(value)),
  read: (reader) => bytes32.read(reader).toHex(),
}
export const hash = hex32 as Codec<Hash>
export const identityId = hex32 as Codec<IdentityId>
export const publicKey = hex32 as Codec<PublicKey>

/** UTF-8 text of at most `max` bytes, optionally of a stated form. */
export function text(max: number, form?: { pattern: RegExp; expected: string }): Codec<string> {
  return {
    write: (writer, value) => writer.text(value),
    read(reader) {
      const value = reader.text(max)
      if (form && !form.pattern.test(value)) throw new DecodeError(`expected ${form.expected}`)
      return value
    },
  }
}

export function oneOf<const T extends string>(...choices: readonly T[]): Codec<T> {
  const longest = Math.max(...choices.map((choice) => choice.length))
  return {
    write: (writer, value) => writer.text(value),
    read(reader) {
      const value = reader.text(Math.max(longest, 64)) as T
      if (!choices.includes(value)) throw new DecodeError(`expected one of ${choices.join(', ')}`)
      return value
    },
  }
}

/** An integer that must have one value, such as a version. */
export function literal<const T extends number>(expected: T): Codec<T> {
  return {
    write(writer, value) {
      if (value !== expected) throw new RangeError(`canonical: expected ${expected}`)
      writer.integer(value)
    },
    read(reader) {
      if (reader.integer() !== expected) throw new DecodeError(`expected ${expected}`)
      return expected
    },
  }
}

// ── compounds ──

export function optional<T>(codec: Codec<T>): Codec<T | null> {
  return {
    write(writer, value) {
      if (value === null) writer.byte(NULL)
      else codec.write(writer, value)
    },
    read(reader) {
      if (reader.peek() !== NULL) return codec.read(reader)
      reader.offset++
      return null
    },
  }
}

export function list<T>(codec: Codec<T>, max: number): Codec<readonly T[]> {
  return {
    write(writer, values) {
      if (values.length > max) throw new RangeError(`canonical: at most ${max} items, got ${values.length}`)
      writer.list(values.length)
      for (const value of values) codec.write(writer, value)
    },
    read(reader) {
      const count = reader.list(max)
      const values: T[] = []
      for (let i = 0; i < count; i++) {
        try {
          values.push(codec.read(reader))
        } catch (error) {
          throw error instanceof DecodeError ? error.within(`[${i}]`) : error
        }
      }
      return values
    },
  }
}

/** A list of fixed length whose items have their own shapes. */
export function tuple<const C extends readonly Codec<unknown>[]>(
  ...codecs: C
): Codec<{ readonly [K in keyof C]: Decoded<C[K]> }> {
  type Items = { readonly [K in keyof C]: Decoded<C[K]> }
  return {
    write(writer, values) {
      writer.list(codecs.length)
      codecs.forEach((codec, i) => {
        codec.write(writer, values[i as keyof C])
      })
    },
    read(reader) {
      if (reader.list(codecs.length) !== codecs.length) throw new DecodeError(`expected ${codecs.length} items`)
      return codecs.map((codec, i) => {
        try {
          return codec.read(reader)
        } catch (error) {
          throw error instanceof DecodeError ? error.within(`[${i}]`) : error
        }
      }) as unknown as Items
    },
  }
}

type Fields<T> = { readonly [K in keyof T]-?: Codec<T[K]> }

/** A map with exactly these keys. */
export function record<T extends object>(fields: Fields<T>): Codec<T> {
  const ordered = (Object.keys(fields) as (keyof T & string)[])
    .map((key) => ({ key, name: textEncoder.encode(key), codec: fields[key] as Codec<unknown> }))
    .sort((a, b) => compareKeys(a.name, b.name))
    .map(({ key, name, codec }) => {
      const writer = new Writer()
      writer.head(MAJOR_TEXT, name.length)
      writer.raw(name)
      return { key, encodedKey: writer.finish(), codec }
    })
  return {
    write(writer, value) {
      writer.map(ordered.length)
      for (const { key, encodedKey, codec } of ordered) {
        writer.raw(encodedKey)
        codec.write(writer, value[key])
      }
    },
    read(reader) {
      const count = reader.map(VALUE_ITEMS_MAX)
      if (count !== ordered.length) throw new DecodeError(`expected ${ordered.length} fields, got ${count}`)
      const value: Record<string, unknown> = {}
      for (const { key, encodedKey, codec } of ordered) {
        try {
          if (!sameBytes(reader.take(encodedKey.length), encodedKey)) throw new DecodeError('field expected here')
          value[key] = codec.read(reader)
        } catch (error) {
          throw error instanceof DecodeError ? error.within(key) : error
        }
      }
      return value as T
    },
  }
}

/** Alternatives told apart by the text field `kind`: written as [kind, body]. */
export function union<T extends { readonly kind: string }>(
  alternatives: { readonly [K in T['kind']]: Codec<Omit<Extract<T, { kind: K }>, 'kind'>> },
): Codec<T> {
  const kinds = Object.keys(alternatives) as T['kind'][]
  const byKind = alternatives as { readonly [kind: string]: Codec<object> }
  return {
    write(writer, value) {
      writer.list(2)
      writer.text(value.kind)
      ;(byKind[value.kind] as Codec<object>).write(writer, value)
    },
    read(reader) {
      if (reader.list(2) !== 2) throw new DecodeError('expected [kind, body]')
      const kind = reader.text(64)
      const codec = Object.hasOwn(byKind, kind) ? byKind[kind] : undefined
      if (codec === undefined) throw new DecodeError(`kind: expected one of ${kinds.join(', ')}`)
      try {
        return { kind, ...codec.read(reader) } as unknown as T
      } catch (error) {
        throw error instanceof DecodeError ? error.within(kind) : error
      }
    },
  }
}

// ── self-describing values ──

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
