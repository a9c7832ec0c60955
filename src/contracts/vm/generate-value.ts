// Instructions that leave one value -> JavaScript expressions. Nothing of a module gets into the text but numbers: constants,
// tables and types are reached by their index, functions by their number.

import type { Cell } from './cell.ts'
import { type Instruction, OP } from './instruction.ts'
import type { Program, Routine } from './program.ts'
import type { Type } from './type.ts'

const list = (operands: readonly string[]): string => `[${operands.join(', ')}]`

/** How many operands the instruction takes. */
export function operandCount({ op, a, b }: Instruction, program: Program, imports: readonly Routine[]): number {
  switch (op) {
    case OP.CONSTANT:
    case OP.NONE:
    case OP.LOCAL:
    case OP.NOW:
    case OP.HEIGHT:
    case OP.EPOCH:
    case OP.SENDER:
    case OP.TRANSACTION:
    case OP.CALL_INDEX:
      return 0
    case OP.WIDEN:
    case OP.RETYPE:
    case OP.UNWRAP:
    case OP.IS_SOME:
    case OP.IS_NONE:
    case OP.NOT:
    case OP.NEGATE:
    case OP.FIELD:
    case OP.LENGTH:
    case OP.PACK:
    case OP.SET_LOCAL:
    case OP.POP:
    case OP.REQUIRE:
    case OP.EACH:
      return 1
    case OP.REPLACE:
      return 3
    case OP.RECORD:
      return (program.types[a] as Type & { kind: 'record' }).fields.length
    case OP.LIST:
      return b
    case OP.HASH:
    case OP.DERIVE_ID:
      return a
    case OP.GET:
    case OP.HAS:
    case OP.DELETE:
      return keyLength(program, a)
    case OP.PUT:
    case OP.COVERS:
      return keyLength(program, a) + 1
    case OP.SCAN: {
      const range = program.ranges[b] as Program['ranges'][number]
      return range.prefix + range.start
    }
    case OP.EMIT:
      return (program.events[a] as Program['events'][number]).fields.length
    case OP.CALL:
      return (program.routines[a] as Routine).parameters.length
    case OP.CALL_VIEW:
    case OP.CALL_ACTION:
      return (imports[a] as Routine).parameters.length
    default:
      return 2
  }
}

export function keyLength({ states }: Program, index: number): number {
  return (states[index] as Program['states'][number]).keyTypes.length
}

/** The expression for an instruction that leaves a value; `x` are its operands. */
export function expressionOf({ op, a }: Instruction, x: readonly string[], { constants }: Program): string {
  const [first, second, third] = x
  const infix = INFIX.get(op)
  if (infix !== undefined) return `(${first} ${infix} ${second})`
  switch (op) {
    case OP.CONSTANT:
      return constant(constants[a] as Cell, a)
    case OP.NONE:
      return 'null'
    case OP.LOCAL:
      return `l${a}`
    case OP.WIDEN:
    case OP.RETYPE:
      return first as string
    case OP.UNWRAP:
      return `h.unwrap(${first})`
    case OP.IS_SOME:
      return `(${first} !== null)`
    case OP.IS_NONE:
      return `(${first} === null)`
    case OP.NOT:
      return `(${first} === false)`
    case OP.NEGATE:
      return `(0 - ${first})`
    case OP.ADD:
      return `h.safe(${first} + ${second})`
    case OP.SUBTRACT:
      return `h.safe(${first} - ${second})`
    case OP.MULTIPLY:
      // + 0 turns -0, which has no canonical encoding, into 0.
      return `(h.safe(${first} * ${second}) + 0)`
    case OP.DIVIDE:
      return `h.divide(${first}, ${second})`
    case OP.REMAINDER:
      return `h.remainder(${first}, ${second})`
    case OP.MINIMUM:
      return `Math.min(${first}, ${second})`
    case OP.MAXIMUM:
      return `Math.max(${first}, ${second})`
    case OP.HOLDS:
      return `h.holds(${first}, ${second})`
    case OP.WITHIN:
      return `h.isWithin(${first}, ${second})`
    case OP.OVERLAPS:
      return `h.overlap(${first}, ${second})`
    case OP.INTERVAL:
      return `h.interval(m, ${first}, ${second})`
    case OP.RECORD:
    case OP.LIST:
      return `h.made(m, ${list(x)})`
    case OP.FIELD:
      return `${first}[${a}]`
    case OP.LENGTH:
      return `${first}.length`
    case OP.WITH:
      return `h.withField(m, ${first}, ${a}, ${second})`
    case OP.INDEX:
      return `h.index(${first}, ${second})`
    case OP.CONTAINS:
      return `h.contains(m, ${first}, ${second})`
    case OP.APPEND:
      return `h.append(m, ${first}, ${second}, ${a})`
    case OP.WITH_MEMBER:
      return `h.withMember(m, ${first}, ${second}, ${a})`
    case OP.WITHOUT_MEMBER:
      return `h.withoutMember(m, ${first}, ${second})`
    case OP.REPLACE:
      return `h.replace(m, ${first}, ${second}, ${third})`
    case OP.GET:
      return `h.get(m, states[${a}], ${list(x)})`
    case OP.HAS:
      return `h.has(m, states[${a}], ${list(x)})`
    case OP.COVERS:
      return `h.covers(m, states[${a}], ${list(x)})`
    case OP.CALL:
      return `f${a}(${['m', ...x].join(', ')})`
    case OP.CALL_VIEW:
    case OP.CALL_ACTION:
      return `imports[${a}](${['m', ...x].join(', ')})`
    case OP.PACK:
      return `h.pack(m, types[${a}], ${first})`
    case OP.HASH:
      return `h.hash(${list(x)})`
    case OP.DERIVE_ID:
      return `h.deriveId(m, ${list(x)})`
    default:
      return CONTEXT.get(op) as string
  }
}

const INFIX: ReadonlyMap<number, string> = new Map<number, string>([
  [OP.EQUAL, '==='],
  [OP.NOT_EQUAL, '!=='],
  [OP.LESS, '<'],
  [OP.LESS_OR_EQUAL, '<='],
  [OP.GREATER, '>'],
  [OP.GREATER_OR_EQUAL, '>='],
])

const CONTEXT: ReadonlyMap<number, string> = new Map<number, string>([
  [OP.NOW, 'm.context.timeMs'],
  [OP.HEIGHT, 'm.context.height'],
  [OP.EPOCH, 'm.context.epoch'],
  [OP.SENDER, 'm.transaction().sender'],
  [OP.TRANSACTION, 'm.transaction().transactionId'],
  [OP.CALL_INDEX, 'm.transaction().callIndex'],
])

function constant(cell: Cell, index: number): string {
  return typeof cell === 'number' || typeof cell === 'boolean' ? `(${cell})` : `constants[${index}]`
}
