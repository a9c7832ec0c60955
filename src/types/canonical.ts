// Codecs: one typed shape each, written and read as canonical bytes (canonical-bytes.ts) in a single pass. Strictness
// costs nothing: a record's keys are expected in their only possible order.

import type { Epoch, Hash, Height, IdentityId, PublicKey, Seat, Term } from './brand.ts'
import {
  compareKeys,
  DecodeError,
  FALSE,
  MAJOR_TEXT,
  MAJOR_UNSIGNED,
  NULL,
  Reader,
  TRUE,
  textEncoder,
  Writer,
} from './canonical-bytes.ts'
import { VALUE_ITEMS_MAX } from './limits.ts'

/** One typed shape: `write` trusts the types, `read` trusts nothing. */
export interface Codec<T> {
  write(writer: Writer, value: T): void
  read(reader: Reader): T
}

export type Decoded<C> = C extends Codec<infer T> ? T : never

/** Writers at rest: a buffer of its own would cost as much as writing a small value. A value inside a value needs a second. */
const writers: Writer[] = []
const WRITERS_MAX = 4
/** Whoever grew for a block or a long list goes. */
const WRITER_BYTES_MAX = 64 * 1024

export function toBytes<T>(codec: Codec<T>, value: T): Uint8Array {
  // One that throws on the way is not put back, with what it holds.
  const writer = writers.pop() ?? new Writer()
  codec.write(writer, value)
  const bytes = writer.finish()
  if (writers.length < WRITERS_MAX && writer.capacity <= WRITER_BYTES_MAX) writers.push(writer)
  return bytes
}

/** Byte strings in the result are views of `bytes`. */
export function fromBytes<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes)
  const value = codec.read(reader)
  reader.end()
  return value
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
export const seat = uint as Codec<Seat>

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
  write: (writer, value) => writer.hexBytes(value, 32),
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
          if (!reader.skips(encodedKey)) throw new DecodeError('field expected here')
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
