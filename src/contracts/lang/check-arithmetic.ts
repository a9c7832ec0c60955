// Operators between two values: which types they take, and which they give.

import type { Cell } from '../vm/cell.ts'
import { OP, type Opcode } from '../vm/instruction.ts'
import { BOOL, DURATION, INT, isOrdered, isScalar, sameType, TIME, type Type, typeText } from '../vm/type.ts'
import type { Body } from './body.ts'
import { convert, operation } from './build.ts'
import type { Checked } from './checked.ts'
import { Mistake } from './diagnostics.ts'
import type { BinaryOperator, Expression } from './syntax.ts'

type Binary = Extract<Expression, { kind: 'binary' }>

const ARITHMETIC: ReadonlyMap<string, Type> = new Map<string, Type>([
  ...(['+', '-', '*', '/', '%'] as const).map((operator): [string, Type] => [`int ${operator} int`, INT]),
  ['time + duration', TIME],
  ['time - duration', TIME],
  ['time - time', DURATION],
  ['duration + duration', DURATION],
  ['duration - duration', DURATION],
  ['duration * int', DURATION],
  ['int * duration', DURATION],
  ['duration / duration', INT],
])

const OPCODES: { readonly [Operator in BinaryOperator]: Opcode } = {
  '+': OP.ADD,
  '-': OP.SUBTRACT,
  '*': OP.MULTIPLY,
  '/': OP.DIVIDE,
  '%': OP.REMAINDER,
  '==': OP.EQUAL,
  '!=': OP.NOT_EQUAL,
  '<': OP.LESS,
  '<=': OP.LESS_OR_EQUAL,
  '>': OP.GREATER,
  '>=': OP.GREATER_OR_EQUAL,
}

export function checkBinary(body: Body, syntax: Binary): Checked {
  const { operator } = syntax
  if (operator === '==' || operator === '!=') return checkEquality(body, syntax)
  const left = body.check(syntax.left)
  // A bare enum member says its type only through the other side.
  const right = body.check(syntax.right, left.type.kind === 'enum' ? left.type : undefined)
  const op = OPCODES[operator]
  if (operator === '<' || operator === '<=' || operator === '>' || operator === '>=') {
    if (!isOrdered(left.type) || !sameType(left.type, right.type)) throw undefinedOn(syntax, left, right)
    return operation(op, [left, right], { type: BOOL })
  }
  const type = ARITHMETIC.get(`${left.type.kind} ${operator} ${right.type.kind}`)
  if (type === undefined) throw undefinedOn(syntax, left, right)
  return operation(op, [left, right], { type })
}

function checkEquality(body: Body, syntax: Binary): Checked {
  // A bare enum member or none says its type only through the other side.
  const leftNeedsHelp = syntax.left.kind === 'none'
  const first = leftNeedsHelp ? body.check(syntax.right) : body.check(syntax.left)
  const second = body.check(leftNeedsHelp ? syntax.left : syntax.right, first.type)
  const [left, right] = leftNeedsHelp ? [second, first] : [first, second]
  const widened = convert(right, left.type)
  const pair = widened ? [left, widened] : [convert(left, right.type), right]
  const [a, b] = pair
  if (a === undefined || b === undefined) throw undefinedOn(syntax, left, right)
  const compared = a.type.kind === 'optional' ? a.type.value : a.type
  if (!isScalar(compared)) {
    const advice = 'Compare their fields or elements.'
    throw new Mistake(syntax.span, `${typeText(compared)} is not compared with ${syntax.operator}`, advice)
  }
  return operation(OPCODES[syntax.operator], [a, b], { type: BOOL })
}

function undefinedOn(syntax: Binary, left: Checked, right: Checked): Mistake {
  const found = `"${syntax.operator}" is not defined on ${typeText(left.type)} and ${typeText(right.type)}`
  return new Mistake(syntax.span, found, adviceOn(left.type, right.type))
}

function adviceOn(left: Type, right: Type): string {
  const kinds = [left.kind, right.kind]
  if (kinds.includes('optional')) return 'One side may be none: write "x else VALUE", or test "x is some" before.'
  if (kinds.includes('int') && (kinds.includes('time') || kinds.includes('duration'))) {
    return 'Give the number a unit: 5 minutes.'
  }
  return 'Both sides must be of types that go together: see the table of operators in spec/clause.md.'
}

/** The value of an expression that contains nothing but constants; undefined when it contains more. */
export function foldConstant(checked: Checked): Cell | undefined {
  if (checked.kind === 'constant') return checked.cell
  if (checked.kind === 'none') return null
  if (checked.kind === 'list') return foldAll(checked.items)
  if (checked.kind !== 'operation') return undefined
  const operands = foldAll(checked.operands)
  if (operands === undefined) return undefined
  const [left, right] = operands as readonly number[]
  switch (checked.op) {
    case OP.WIDEN:
      return operands[0]
    case OP.RECORD:
      return operands
    case OP.ADD:
      return safe((left as number) + (right as number))
    case OP.SUBTRACT:
      return safe((left as number) - (right as number))
    case OP.MULTIPLY:
      return safe((left as number) * (right as number))
    default:
      return undefined
  }
}

function foldAll(parts: readonly Checked[]): readonly Cell[] | undefined {
  const cells = parts.map(foldConstant)
  return cells.includes(undefined) ? undefined : (cells as Cell[])
}

function safe(result: number): number | undefined {
  return Number.isSafeInteger(result) ? result + 0 : undefined
}
