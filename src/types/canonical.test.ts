import { decode as referenceDecode, encode as referenceEncode } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  boolean,
  bytes,
  fromBytes,
  hash,
  integer,
  list,
  literal,
  oneOf,
  optional,
  record,
  text,
  toBytes,
  tuple,
  uint,
  union,
} from './canonical.ts'
import { DecodeError } from './canonical-bytes.ts'
import { decodeValue, encodeValue, type Value } from './canonical-value.ts'

const key = fc.stringMatching(/^[a-zA-Z_]{0,12}$/)
const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(' ', ''))

describe('canonical values', () => {
  it('survive a round trip, with the same bytes as an independent encoder', () => {
    fc.assert(
      fc.property(value, (input) => {
        const encoded = encodeValue(input)
        expect(encoded.toHex()).toBe(referenceEncode(input).toHex())
        expect(referenceDecode(encoded)).toEqual(decodeValue(encoded))
        expect(encodeValue(decodeValue(encoded)).toHex()).toBe(encoded.toHex())
      }),
      { numRuns: 500 },
    )
  })

  it('have one encoding: whatever random bytes decode, they encode to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (input) => {
        try {
          expect(encodeValue(decodeValue(input)).toHex()).toBe(input.toHex())
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
      { numRuns: 5_000 },
    )
  })

  it('changed in one byte never decode to the value they were', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (input, at, change) => {
        const encoded = encodeValue(input)
        const original = encoded.toHex()
        encoded[at % encoded.length] = (encoded[at % encoded.length] as number) ^ change
        try {
          expect(encodeValue(decodeValue(encoded)).toHex()).not.toBe(original)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
    )
  })

  it.each([
    ['a long head for a small integer', '18 01', 'head is not the shortest'],
    ['a two-byte head below 256', '19 00ff', 'head is not the shortest'],
    ['a four-byte head below 65,536', '1a 0000ffff', 'head is not the shortest'],
    ['an eight-byte head below 2^32', '1b 00000000ffffffff', 'head is not the shortest'],
    ['an integer of 2^53', '1b 0020000000000000', 'integer beyond 2^53-1'],
    ['an integer of -2^53', '3b 001fffffffffffff', 'integer below -(2^53-1)'],
    ['an indefinite list', '9f 01 ff', 'indefinite length or reserved head'],
    ['an indefinite text', '7f 6161 ff', 'indefinite length or reserved head'],
    ['a half float', 'f9 3c00', 'floats, tags'],
    ['a double', 'fb 3ff0000000000000', 'floats, tags'],
    ['undefined', 'f7', 'floats, tags'],
    ['a tag', 'c1 01', 'floats, tags'],
    ['map keys out of order', 'a2 6162 01 6161 02', 'not unique and sorted'],
    ['a longer key before a shorter', 'a2 626161 01 6162 02', 'not unique and sorted'],
    ['a key twice', 'a2 6161 01 6161 02', 'not unique and sorted'],
    ['a map key that is no text', 'a1 01 01', 'expected a text string'],
    ['text that is not UTF-8', '61 ff', 'not valid UTF-8'],
    ['a truncated byte string', '43 0102', 'ends too early'],
    ['trailing bytes', '01 01', 'trailing bytes'],
    ['nothing', '', 'ends too early'],
    ['a list that claims 2^32 items', '9b 0000000100000000', 'at most'],
    ['a byte string that claims 2^40 bytes', '5b 0000010000000000', 'at most'],
    ['nesting beyond the bound', `${'81'.repeat(40)}01`, 'nested deeper'],
  ])('refuse %s', (_, input, reason) => {
    expect(() => decodeValue(hex(input))).toThrow(reason)
  })

  it.each([[1.5], [Number.NaN], [2 ** 53], [-(2 ** 53)], [Number.POSITIVE_INFINITY]])(
    'cannot be written from %d',
    (input) => {
      expect(() => encodeValue(input)).toThrow('expected an integer')
    },
  )

  it('keep a key named __proto__ as a plain property', () => {
    const encoded = hex('a1 695f5f70726f746f5f5f 01')
    expect(Object.keys(decodeValue(encoded) as object)).toEqual(['__proto__'])
  })
})

describe('typed codecs', () => {
  it('hand out plain byte arrays, also from a Buffer, whose slice() would be a view', () => {
    const encoded = Buffer.from(toBytes(bytes(4), new Uint8Array([1, 2])))
    expect(fromBytes(bytes(4), encoded).constructor).toBe(Uint8Array)
  })

  const shape = record({
    version: literal(1),
    name: text(8, { pattern: /^[a-z]*$/, expected: 'small letters' }),
    parent: optional(hash),
    items: list(record({ amount: uint, change: integer, on: boolean }), 3),
    pair: tuple(bytes(4), oneOf('permit', 'deny')),
  })
  const sample = {
    version: 1,
    name: 'abc',
    parent: 'ab'.repeat(32),
    items: [{ amount: 5, change: -5, on: true }],
    pair: [new Uint8Array([1, 2]), 'deny'],
  } as never

  it('write the bytes of the self-describing value of the same shape', () => {
    const generic = encodeValue({
      version: 1,
      name: 'abc',
      parent: Uint8Array.fromHex('ab'.repeat(32)),
      items: [{ amount: 5, change: -5, on: true }],
      pair: [new Uint8Array([1, 2]), 'deny'],
    })
    expect(toBytes(shape, sample).toHex()).toBe(generic.toHex())
    expect(fromBytes(shape, generic)).toEqual(sample)
  })

  it.each<[string, Value, string]>([
    ['a wrong version', { version: 2 }, 'version: expected 1'],
    ['a text of the wrong form', { name: 'A1' }, 'name: expected small letters'],
    ['a text that is too long', { name: 'abcdefghi' }, 'name: text of 9 bytes, at most 8 accepted'],
    ['a short hash', { parent: new Uint8Array(31) }, 'parent: expected exactly 32 bytes, got 31'],
    [
      'a negative number where none may be',
      { items: [{ amount: -1, change: 0, on: true }] },
      'items.[0].amount: expected an integer >= 0',
    ],
    ['a missing field', { items: [{ amount: 1, change: 0 }] }, 'items.[0]: expected 3 fields, got 2'],
    ['too many items', { items: [1, 2, 3, 4] }, 'items: list of 4 items, at most 3 accepted'],
    ['an unknown choice', { pair: [new Uint8Array(0), 'allow'] }, 'pair.[1]: expected one of permit, deny'],
    ['an unknown field', { extra: 1 }, 'expected 5 fields, got 6'],
  ])('refuse %s by the path of the field', (_, change, message) => {
    const good = decodeValue(toBytes(shape, sample)) as { [key: string]: Value }
    const bad = encodeValue({ ...good, ...(change as { [key: string]: Value }) })
    expect(() => fromBytes(shape, bad)).toThrow(message)
  })

  it('tell alternatives apart by kind and refuse a foreign kind', () => {
    type Shape = { kind: 'circle'; radius: number } | { kind: 'point' }
    const codec = union<Shape>({ circle: record({ radius: uint }), point: record({}) })
    const circle: Shape = { kind: 'circle', radius: 4 }
    expect(fromBytes(codec, toBytes(codec, circle))).toEqual(circle)
    expect(fromBytes(codec, toBytes(codec, { kind: 'point' }))).toEqual({ kind: 'point' })
    expect(() => fromBytes(codec, encodeValue(['square', {}]))).toThrow('kind: expected one of circle, point')
    expect(() => fromBytes(codec, encodeValue(['toString', {}]))).toThrow('kind: expected one of circle, point')
  })
})
