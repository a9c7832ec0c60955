// Small pieces of checked expressions, and the ways in which a value may stand where another type is expected.

import type { Cell } from '../vm/cell.ts'
import { OP, type Opcode } from '../vm/instruction.ts'
import { BOOL, sameType, type Type, typeText } from '../vm/type.ts'
import type { Checked } from './checked.ts'
import { Mistake, type Span } from './diagnostics.ts'

export function constant(type: Type, cell: Cell): Checked {
  return { kind: 'constant', type, cell }
}

export function operation(
  op: Opcode,
  operands: readonly Checked[],
  result: { readonly type: Type; readonly a?: number | Type },
): Checked {
  return { kind: 'operation', op, operands, type: result.type, a: result.a ?? 0 }
}

export function not(value: Checked): Checked {
  return operation(OP.NOT, [value], { type: BOOL })
}

/** Refuses MISSING_VALUE where the value is none; the compiler uses it only where it is not. */
export function unwrap(value: Checked): Checked {
  if (value.type.kind !== 'optional') return value
  return operation(OP.UNWRAP, [value], { type: value.type.value })
}

/** `value` as `type`: the same, optional, or with room for more elements. */
export function convert(value: Checked, type: Type): Checked | undefined {
  if (sameType(value.type, type)) return value
  if (value.kind === 'none' && type.kind === 'optional') return { kind: 'none', type }
  if (type.kind === 'optional') {
    const inner = convert(value, type.value)
    return inner && operation(OP.WIDEN, [inner], { type, a: type })
  }
  if (type.kind !== 'list' || value.type.kind !== 'list') return undefined
  const fits = sameType(value.type.item, type.item) && value.type.max <= type.max
  return fits ? operation(OP.WIDEN, [value], { type, a: type }) : undefined
}

export function expectType(value: Checked, type: Type, span: Span): Checked {
  const converted = convert(value, type)
  if (converted !== undefined) return converted
  const mistake = `expected ${typeText(type)}, found ${value.kind === 'none' ? 'none' : typeText(value.type)}`
  throw new Mistake(span, mistake, adviceFor(value.type, type))
}

function adviceFor(found: Type, expected: Type): string {
  if (found.kind === 'optional' && sameType(found.value, expected)) {
    return 'It may be none: write "x else VALUE", "x else refuse CODE", or test "x is some" before.'
  }
  if (found.kind === 'list' && expected.kind === 'list' && sameType(found.item, expected.item)) {
    return `It may hold ${found.max} elements, and there is room for ${expected.max}.`
  }
  if (found.kind === 'int' && expected.kind === 'duration') return 'Give it a unit: 5 minutes.'
  return `Give a value of type ${typeText(expected)}.`
}
