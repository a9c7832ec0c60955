import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeInstructions, encodeInstructions, OP, OPERATIONS, type Opcode } from './instruction.ts'

const opcodes = fc.constantFrom(...(Object.values(OP) as Opcode[]))
const operand = fc.nat({ max: 0xffff })

test('instructions read back as they were written, in one way only', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ op: opcodes, a: operand, b: operand })), (all) => {
      const written = all.map(({ op, a, b }) => {
        const count = OPERATIONS[op]?.operands.length ?? 0
        return { op, a: count > 0 ? a : 0, b: count > 1 ? b : 0 }
      })
      expect(decodeInstructions(encodeInstructions(written), 'f')).toEqual(written)
    }),
  )
})

test.each<[string, number[], string]>([
  ['an unknown opcode', [250], 'f: instruction 0: unknown opcode 250'],
  ['a missing operand', [OP.NOT, OP.LOCAL], 'f: instruction 1: ends too early'],
  ['an operand that is not the shortest', [OP.LOCAL, 0x80, 0x00], 'operand is not the shortest'],
  ['an operand that is too large', [OP.LOCAL, 0xff, 0xff, 0x7f], 'operand beyond 65535'],
  ['an operand that does not end', [OP.LOCAL, 0xff, 0xff, 0xff, 0x01], 'operand longer than 3 bytes'],
  ['too many instructions', Array(16_385).fill(OP.POP), 'more than 16384 instructions'],
])('%s is refused', (_, bytes, message) => {
  expect(() => decodeInstructions(Uint8Array.from(bytes), 'f')).toThrow(message)
})

test('opcodes are numbered without gaps, in the order of the table', () => {
  expect(Object.values(OP)).toEqual(OPERATIONS.map((_, opcode) => opcode))
})
