import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Reader, Writer } from '../../types/canonical-bytes.ts'
import { decodeValue, encodeValue, type Value } from '../../types/canonical-value.ts'
import { type Cell, cellFromValue, readCell, ValueError, valueFromCell, writeCell } from './cell.ts'
import { BOOL, CODE, HASH, ID, INT, INTERVAL, NAME, TIME, type Type } from './type.ts'

const LEVEL: Type = { kind: 'enum', name: 'sample.Level', members: ['low', 'high'] }

const types: fc.Arbitrary<Type> = fc.letrec<{ type: Type; plain: Type }>((tie) => ({
  plain: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Type>(INT, INTERVAL, BOOL, TIME, ID, HASH, CODE, NAME, LEVEL),
    fc.record({ kind: fc.constant('list' as const), item: tie('type'), max: fc.integer({ min: 1, max: 5 }) }),
    fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 4 }).chain((names) =>
      fc.tuple(...names.map(() => tie('type'))).map(
        (fieldTypes): Type => ({
          kind: 'record',
          name: 'sample.Record',
          fields: names.map((name, i) => ({ name, type: fieldTypes[i] as Type })),
        }),
      ),
    ),
  ),
  type: fc.oneof(
    tie('plain'),
    tie('plain').map((value): Type => ({ kind: 'optional', value })),
  ),
})).type

function valuesOf(type: Type): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'int':
    case 'time':
    case 'duration':
      return fc.maxSafeInteger()
    case 'bool':
      return fc.boolean()
    case 'id':
    case 'hash':
    case 'key':
      return fc.uint8Array({ minLength: 32, maxLength: 32 })
    case 'code':
      return fc.stringMatching(/^[A-Za-z0-9._|:/#-]{1,64}$/)
    case 'name':
      return fc.constantFrom('St. Anna', 'Łódź', '医院')
    case 'enum':
      return fc.constantFrom(...type.members)
    case 'list':
      return fc.array(valuesOf(type.item), { maxLength: type.max })
    case 'optional':
      return fc.option(valuesOf(type.value), { nil: null })
    case 'interval':
      return fc
        .record({ from: fc.option(fc.integer(), { nil: null }), to: fc.option(fc.integer(), { nil: null }) })
        .filter(({ from, to }) => from === null || to === null || from < to)
    case 'record':
      return fc.record(Object.fromEntries(type.fields.map((field) => [field.name, valuesOf(field.type)])))
  }
}

const typedValues = types.chain((type) => valuesOf(type).map((value) => ({ type, value })))

test('a value of a type goes in and comes out, and through the state', () => {
  fc.assert(
    fc.property(typedValues, ({ type, value }) => {
      const cell = cellFromValue(type, value, 'value')
      expect(encodeValue(valueFromCell(type, cell))).toEqual(encodeValue(value))
      const writer = new Writer()
      writeCell(writer, type, cell)
      const reader = new Reader(writer.finish())
      expect(readCell(reader, type)).toEqual(cell)
      reader.end()
    }),
  )
})

test('what is no value of a type is refused with a path and without the value', () => {
  fc.assert(
    fc.property(types, fc.anything({ maxDepth: 3 }), (type, anything) => {
      try {
        cellFromValue(type, anything as Value, 'argument')
      } catch (error) {
        expect(error).toBeInstanceOf(ValueError)
        expect((error as ValueError).path).toMatch(/^argument/)
      }
    }),
  )
})

describe('refused:', () => {
  const record: Type = {
    kind: 'record',
    name: 'sample.R',
    fields: [{ name: 'ids', type: { kind: 'list', item: ID, max: 2 } }],
  }
  const cases: [Type, Value, string][] = [
    [INT, 1.5, 'value: expected an integer within +-(2^53-1)'],
    [INT, Number.NaN, 'value: expected an integer within +-(2^53-1)'],
    [INT, 2 ** 53, 'value: expected an integer within +-(2^53-1)'],
    [CODE, '', 'value: expected 1 to 64 of the characters A-Z a-z 0-9 . _ | : / # -'],
    [CODE, 'TREÄT', 'value: expected 1 to 64 of the characters A-Z a-z 0-9 . _ | : / # -'],
    [CODE, 'A'.repeat(65), 'value: expected 1 to 64 of the characters A-Z a-z 0-9 . _ | : / # -'],
    [NAME, 'a\u0000b', 'value: expected 1 to 64 characters of text without control characters'],
    [NAME, '\ud800', 'value: expected 1 to 64 characters of text without control characters'],
    [ID, new Uint8Array(31), 'value: expected exactly 32 bytes'],
    [LEVEL, 'medium', 'value: expected one of low, high'],
    [LEVEL, 0, 'value: expected one of low, high'],
    [record, { ids: [new Uint8Array(32), new Uint8Array(3)] }, 'value.ids[1]: expected exactly 32 bytes'],
    [record, { ids: [], more: 1 }, 'value: expected a record with exactly the fields ids'],
    [record, [], 'value: expected a record with exactly the fields ids'],
    [record, { ids: [null] }, 'value.ids[0]: expected exactly 32 bytes'],
  ]
  test.each(cases)('%j', (type, value, message) => {
    expect(() => cellFromValue(type, value, 'value')).toThrow(message)
  })
})

test('a record stored before it had its last optional fields reads them as none', () => {
  const writer = new Writer()
  writeCell(writer, { kind: 'record', name: 'sample.R', fields: [{ name: 'a', type: INT }] }, [5] as Cell)
  const later: Type = {
    kind: 'record',
    name: 'sample.R',
    fields: [
      { name: 'a', type: INT },
      { name: 'b', type: { kind: 'optional', value: ID } },
    ],
  }
  expect(readCell(new Reader(writer.finish()), later)).toEqual([5, null])
})

test('-0 becomes 0, which is what its encoding says', () => {
  expect(Object.is(cellFromValue(INT, -0, 'value'), 0)).toBe(true)
  expect(decodeValue(encodeValue(0))).toBe(0)
})
