import { expect, test } from 'vitest'
import { randomBytes } from './random.ts'

test('randomBytes() gives as many bytes as asked for, others each time', () => {
  expect(randomBytes(65_536).length).toBe(65_536)
  expect(randomBytes(32)).not.toEqual(randomBytes(32))
})

test.each([0, -1, 1.5, 65_537, Number.NaN])('randomBytes() refuses the length %d', (length) => {
  expect(() => randomBytes(length)).toThrow('length: expected an integer from 1 to 65536')
})
