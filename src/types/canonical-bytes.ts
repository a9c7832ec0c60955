// Canonical bytes: the DAG-CBOR subset that everything hashed or signed is written in. One value has one encoding,
// and decoding refuses every other byte string: no floats, no tags, no indefinite lengths, shortest heads only, map
// keys unique and sorted by length, then bytes. Source: RFC 8949 section 4.2.1; DAG-CBOR specification.
// This file owns the single bytes: heads, integers, strings, and their strictness.

import { takeBytes } from '../crypto/byte-room.ts'

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

export const MAJOR_UNSIGNED = 0
export const MAJOR_NEGATIVE = 1
export const MAJOR_BYTES = 2
export const MAJOR_TEXT = 3
export const MAJOR_LIST = 4
export const MAJOR_MAP = 5
export const FALSE = 0xf4
export const TRUE = 0xf5
export const NULL = 0xf6
const TWO_32 = 0x1_0000_0000

/** Names and codes: up to this length a loop beats the encoder's call out of JavaScript, three times for 10 characters. */
const SHORT_TEXT = 32

export const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const NO_DIGIT = 0x100
/** Value of a hex digit by its character code. */
const HEX_DIGITS = Uint16Array.from({ length: 128 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(digit) ? NO_DIGIT : digit
})

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
  /** A byte string from its hex form, without an array in between. */
  hexBytes(value: string, length: number): void {
    if (value.length !== 2 * length) throw new RangeError(`canonical: expected ${2 * length} hex characters`)
    this.head(MAJOR_BYTES, length)
    this.reserve(length)
    const { buffer, length: start } = this
    let seen = 0
    for (let i = 0; i < length; i++) {
      const high = value.charCodeAt(2 * i)
      const low = value.charCodeAt(2 * i + 1)
      const byte = ((HEX_DIGITS[high & 0x7f] as number) << 4) | (HEX_DIGITS[low & 0x7f] as number)
      seen |= byte | (((high | low) >> 7) << 8)
      buffer[start + i] = byte
    }
    if (seen >= NO_DIGIT) throw new RangeError('canonical: expected hex characters')
    this.length += length
  }
  /** What was written; the writer is empty again. */
  finish(): Uint8Array {
    const written = takeBytes(this.length)
    written.set(this.buffer.subarray(0, this.length))
    this.length = 0
    return written
  }
  /** Bytes that it holds room for. */
  get capacity(): number {
    return this.buffer.length
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
  /** Do these bytes come next? Then they are behind. */
  skips(expected: Uint8Array): boolean {
    const { buffer, offset } = this
    for (let i = 0; i < expected.length; i++) if (buffer[offset + i] !== expected[i]) return false
    this.offset += expected.length
    return true
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

/** Order of map keys: by length, then by bytes. */
export const compareKeys = (a: Uint8Array, b: Uint8Array): number => {
  if (a.length !== b.length) return a.length - b.length
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareKeys(a, b) === 0
}
