// Keys of the state: `contract 0x00 state 0x00 parts`. Every part keeps its order and ends itself, so ranges over a
// prefix are ranges over bytes. spec/clause.md, "State in bytes".

import { takeBytes } from '../../crypto/byte-room.ts'
import { assertNever } from '../../types/assert.ts'
import { DecodeError } from '../../types/canonical-bytes.ts'
import type { Cell } from './cell.ts'
import { isCode, isName } from './cell.ts'
import { writeHex } from './hex.ts'
import type { Type } from './type.ts'

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const TWO_32 = 0x1_0000_0000
/** Bytes of the longest part: a name of 64 characters of 4 bytes, and its end. */
const PART_BYTES_MAX = 257

/** Start of every key of a state. */
export function stateKeyPrefix(contract: string, state: string): Uint8Array {
  return textEncoder.encode(`${contract}\0${state}\0`)
}

/** `prefix` and the parts, of which there may be fewer than the key has. */
export function encodeKey(prefix: Uint8Array, types: readonly Type[], parts: readonly Cell[]): Uint8Array {
  return writeKey(takeBytes(keyLength(prefix, types, parts)), { prefix, types, parts })
}

const PASSING_BYTES_MAX = 1_024
const passing = new Uint8Array(PASSING_BYTES_MAX)
/** Views of `passing` by length, as they are first needed. */
const passingViews: Uint8Array[] = []

/**
 * The same for one access of the state, which keeps no key: the next call overwrites it. Every access pays for this one, and
 * an array for each key would take longer than all the rest.
 */
export function encodePassingKey(prefix: Uint8Array, types: readonly Type[], parts: readonly Cell[]): Uint8Array {
  const length = keyLength(prefix, types, parts)
  if (length > PASSING_BYTES_MAX) return encodeKey(prefix, types, parts)
  const view = passingViews[length] ?? passing.subarray(0, length)
  passingViews[length] = view
  return writeKey(view, { prefix, types, parts })
}

function keyLength(prefix: Uint8Array, types: readonly Type[], parts: readonly Cell[]): number {
  let length = prefix.length
  for (let i = 0; i < parts.length; i++) length += partLength(types[i] as Type, parts[i] as Cell)
  return length
}

function writeKey(
  key: Uint8Array,
  { prefix, types, parts }: { prefix: Uint8Array; types: readonly Type[]; parts: readonly Cell[] },
): Uint8Array {
  let offset = 0
  for (; offset < prefix.length; offset++) key[offset] = prefix[offset] as number
  for (let i = 0; i < parts.length; i++) offset = writePart(key, offset, types[i] as Type, parts[i] as Cell)
  return key
}

function partLength(type: Type, cell: Cell): number {
  switch (type.kind) {
    case 'id':
    case 'hash':
    case 'key':
      return 32
    case 'int':
    case 'time':
    case 'duration':
      return 8
    case 'bool':
    case 'enum':
      return 1
    case 'code':
      return (cell as string).length + 1
    case 'name':
      return textEncoder.encode(cell as string).length + 1
    case 'interval':
    case 'record':
    case 'list':
    case 'optional':
      throw new TypeError(`a ${type.kind} is no part of a key`)
    default:
      return assertNever(type)
  }
}

/** Returns the offset behind the part. */
function writePart(key: Uint8Array, offset: number, type: Type, cell: Cell): number {
  switch (type.kind) {
    case 'id':
    case 'hash':
    case 'key':
      return writeHex(key, offset, cell as string)
    case 'int':
    case 'time':
    case 'duration': {
      const high = Math.floor((cell as number) / TWO_32)
      writeWord(key, offset, high + 0x8000_0000)
      writeWord(key, offset + 4, (cell as number) - high * TWO_32)
      return offset + 8
    }
    case 'bool':
      key[offset] = cell === true ? 1 : 0
      return offset + 1
    case 'enum':
      key[offset] = cell as number
      return offset + 1
    case 'code': {
      // ASCII, and short.
      const code = cell as string
      for (let i = 0; i < code.length; i++) key[offset++] = code.charCodeAt(i)
      key[offset] = 0
      return offset + 1
    }
    case 'name': {
      const end = offset + textEncoder.encodeInto(cell as string, key.subarray(offset)).written
      key[end] = 0
      return end + 1
    }
    case 'interval':
    case 'record':
    case 'list':
    case 'optional':
      throw new TypeError(`a ${type.kind} is no part of a key`)
    default:
      return assertNever(type)
  }
}

function writeWord(key: Uint8Array, offset: number, value: number): void {
  key[offset] = value >>> 24
  key[offset + 1] = value >>> 16
  key[offset + 2] = value >>> 8
  key[offset + 3] = value
}

/** Parts of `key` from byte `offset` to its end. Throws DecodeError on bytes that no contract wrote. */
export function decodeKey(key: Uint8Array, offset: number, types: readonly Type[]): Cell[] {
  let at = offset
  const take = (count: number): Uint8Array => {
    if (at + count > key.length) throw new DecodeError('key ends too early')
    at += count
    return key.subarray(at - count, at)
  }
  const parts = types.map((type): Cell => {
    switch (type.kind) {
      case 'id':
      case 'hash':
      case 'key':
        return take(32).toHex()
      case 'int':
      case 'time':
      case 'duration': {
        const bytes = take(8)
        const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
        return (view.getUint32(0) - 0x8000_0000) * TWO_32 + view.getUint32(4)
      }
      case 'bool':
        return take(1)[0] === 1
      case 'enum': {
        const position = take(1)[0] as number
        if (position >= type.members.length) throw new DecodeError('key holds no member of the enum')
        return position
      }
      case 'code':
      case 'name': {
        const end = key.indexOf(0, at)
        if (end < 0) throw new DecodeError('key ends too early')
        const text = textDecoder.decode(take(end - at))
        at++
        if (!(type.kind === 'code' ? isCode(text) : isName(text))) throw new DecodeError(`key holds no ${type.kind}`)
        return text
      }
      case 'interval':
      case 'record':
      case 'list':
      case 'optional':
        throw new TypeError(`a ${type.kind} is no part of a key`)
      default:
        return assertNever(type)
    }
  })
  if (at !== key.length) throw new DecodeError('key has trailing bytes')
  return parts
}

/** A byte string that is less than `key` and greater than every possible key before it. */
export function justBefore(key: Uint8Array): Uint8Array {
  const last = key[key.length - 1] as number
  if (last === 0) return key.subarray(0, -1)
  const before = new Uint8Array(key.length + PART_BYTES_MAX * 8).fill(0xff)
  before.set(key)
  before[key.length - 1] = last - 1
  return before
}

/** A byte string that is greater than every possible key that starts with `key`. */
export function behindAll(key: Uint8Array): Uint8Array {
  const behind = new Uint8Array(key.length + PART_BYTES_MAX * 8).fill(0xff)
  behind.set(key)
  return behind
}
