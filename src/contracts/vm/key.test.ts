import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell } from './cell.ts'
import { behindAll, decodeKey, encodeKey, justBefore, stateKeyPrefix } from './key.ts'
import { BOOL, CODE, ID, INT, NAME, type Type } from './type.ts'

const LEVEL: Type = { kind: 'enum', name: 'sample.Level', members: ['low', 'middle', 'high'] }
const prefix = stateKeyPrefix('sample', 'entries')

const compareBytes = (a: Uint8Array, b: Uint8Array): number => Math.sign(Buffer.compare(a, b))
const compareText = (a: string, b: string): number => compareBytes(Buffer.from(a), Buffer.from(b))

const integers = fc.maxSafeInteger()
const ids = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes.toHex())
const codes = fc.stringMatching(/^[A-Za-z0-9._|:/#-]{1,64}$/)
const names = fc
  .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
  .filter((text) => /^\P{Cc}{1,64}$/u.test(text))

const parts: readonly { type: Type; values: fc.Arbitrary<Cell>; compare: (a: never, b: never) => number }[] = [
  { type: INT, values: integers, compare: (a: number, b: number) => Math.sign(a - b) },
  { type: ID, values: ids, compare: compareText },
  { type: CODE, values: codes, compare: compareText },
  { type: NAME, values: names, compare: compareText },
  { type: BOOL, values: fc.boolean(), compare: (a: boolean, b: boolean) => Number(a) - Number(b) },
  { type: LEVEL, values: fc.nat({ max: 2 }), compare: (a: number, b: number) => Math.sign(a - b) },
]

describe.each(parts)('a key of one $type.kind', ({ type, values, compare }) => {
  test('sorts as its values do', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const order = compareBytes(encodeKey(prefix, [type], [a]), encodeKey(prefix, [type], [b]))
        expect(order).toBe(compare(a as never, b as never))
      }),
    )
  })

  test('reads back, between other parts', () => {
    fc.assert(
      fc.property(integers, values, ids, (before, value, after) => {
        const types = [INT, type, ID]
        const key = encodeKey(prefix, types, [before, value, after])
        expect(decodeKey(key, prefix.length, types)).toEqual([before, value, after])
      }),
    )
  })
})

test('the bounds of a range enclose exactly the keys from or behind a part', () => {
  fc.assert(
    fc.property(integers, integers, codes, (bound, at, rest) => {
      const start = encodeKey(prefix, [INT], [bound])
      const key = encodeKey(prefix, [INT, CODE], [at, rest])
      expect(compareBytes(key, justBefore(start)) > 0).toBe(at >= bound)
      expect(compareBytes(key, behindAll(start)) > 0).toBe(at > bound)
    }),
  )
})

test('the bounds of a range hold next to each other', () => {
  for (const at of [-1, 0, 1, 255, 256, 2 ** 32, -(2 ** 32)]) {
    const [before, start, next] = [at - 1, at, at + 1].map((each) => encodeKey(prefix, [INT], [each])) as Uint8Array[]
    expect(compareBytes(before as Uint8Array, justBefore(start as Uint8Array))).not.toBe(1)
    expect(compareBytes(start as Uint8Array, justBefore(start as Uint8Array))).toBe(1)
    expect(compareBytes(next as Uint8Array, behindAll(start as Uint8Array))).toBe(1)
  }
})

test('bytes that are no key are refused', () => {
  const key = encodeKey(prefix, [INT, CODE], [1, 'TREAT'])
  expect(() => decodeKey(key.subarray(0, -1), prefix.length, [INT, CODE])).toThrow('ends too early')
  expect(() => decodeKey(Uint8Array.of(...key, 0), prefix.length, [INT, CODE])).toThrow('trailing')
  expect(() => decodeKey(Uint8Array.of(3), 0, [LEVEL])).toThrow('no member')
})
