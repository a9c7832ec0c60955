// Locals, conditions, arithmetic, comparisons. What each takes from the stack and leaves there: spec/clause.md, "Bytecode".

import { applyToCompound } from './apply-compound.ts'
import { type Instruction, OP } from './instruction.ts'
import { entryOf, type Invalid, type StackModel, textOf } from './stack-model.ts'
import { BOOL, DURATION, INT, isOrdered, isScalar, TIME, type Type } from './type.ts'

/** Everything but jumps: those are verify-function's. */
export function applyInstruction(stack: StackModel, { op, a, b }: Instruction, invalid: Invalid): void {
  const { tables, frame } = stack
  const type = () => entryOf(tables.types, a, 'type', invalid)
  switch (op) {
    case OP.CONSTANT: {
      const constant = entryOf(tables.module.constants, a, 'constant', invalid)
      stack.push(entryOf(tables.types, constant.type, 'type', invalid), invalid)
      return
    }
    case OP.NONE:
      if (type().kind !== 'optional') throw invalid('only an optional value can be none')
      stack.push(type(), invalid)
      return
    case OP.LOCAL: {
      const local = entryOf(frame.locals, a, 'local', invalid)
      if (stack.assigned[a] !== 1) throw invalid(`local ${a} may not be set yet`)
      stack.push(local, invalid)
      return
    }
    case OP.SET_LOCAL:
      stack.popExactly(entryOf(frame.locals, a, 'local', invalid), invalid)
      stack.assigned[a] = 1
      return
    case OP.POP:
      stack.pop(invalid)
      return
    case OP.WIDEN:
      widen(stack, stack.popType(invalid), type(), invalid)
      return
    case OP.UNWRAP:
      stack.push(stack.popOptional(invalid), invalid)
      return
    case OP.IS_SOME:
    case OP.IS_NONE:
      stack.popOptional(invalid)
      stack.push(BOOL, invalid)
      return
    case OP.SOME_OR:
      stack.popOptional(invalid)
      return
    case OP.JUMP_IF_FALSE:
    case OP.JUMP_IF_TRUE:
    case OP.AND:
    case OP.OR:
      stack.popExactly(BOOL, invalid)
      return
    case OP.NOT:
      stack.popExactly(BOOL, invalid)
      stack.push(BOOL, invalid)
      return
    case OP.ADD:
    case OP.SUBTRACT:
    case OP.MULTIPLY:
    case OP.DIVIDE:
    case OP.REMAINDER: {
      const right = stack.popType(invalid)
      const left = stack.popType(invalid)
      stack.push(arithmetic(op, left, right, invalid), invalid)
      return
    }
    case OP.NEGATE: {
      const operand = stack.popType(invalid)
      if (operand !== INT && operand !== DURATION) throw invalid(`${textOf(operand)} has no negative`)
      stack.push(operand, invalid)
      return
    }
    case OP.EQUAL:
    case OP.NOT_EQUAL: {
      const right = stack.popType(invalid)
      stack.popExactly(right, invalid)
      const compared = right.kind === 'optional' ? right.value : right
      if (!isScalar(compared)) throw invalid(`${textOf(right)} is not compared`)
      stack.push(BOOL, invalid)
      return
    }
    case OP.LESS:
    case OP.LESS_OR_EQUAL:
    case OP.GREATER:
    case OP.GREATER_OR_EQUAL:
    case OP.MINIMUM:
    case OP.MAXIMUM: {
      const right = stack.popType(invalid)
      stack.popExactly(right, invalid)
      if (!isOrdered(right)) throw invalid(`${textOf(right)} has no order`)
      stack.push(op === OP.MINIMUM || op === OP.MAXIMUM ? right : BOOL, invalid)
      return
    }
    default:
      applyToCompound(stack, { op, a, b }, invalid)
      return
  }
}

function widen(stack: StackModel, from: Type, to: Type, invalid: Invalid): void {
  const toOptional = to.kind === 'optional' && to.value === from
  const toLonger = to.kind === 'list' && from.kind === 'list' && to.item === from.item && to.max >= from.max
  if (!toOptional && !toLonger) throw invalid(`${textOf(from)} is no ${textOf(to)}`)
  stack.push(to, invalid)
}

function arithmetic(op: number, left: Type, right: Type, invalid: Invalid): Type {
  const result = ARITHMETIC.get(`${left.kind} ${op} ${right.kind}`)
  if (result === undefined) throw invalid(`is not defined on ${textOf(left)} and ${textOf(right)}`)
  return result
}

const ARITHMETIC: ReadonlyMap<string, Type> = new Map<string, Type>([
  [`int ${OP.ADD} int`, INT],
  [`int ${OP.SUBTRACT} int`, INT],
  [`int ${OP.MULTIPLY} int`, INT],
  [`int ${OP.DIVIDE} int`, INT],
  [`int ${OP.REMAINDER} int`, INT],
  [`time ${OP.ADD} duration`, TIME],
  [`time ${OP.SUBTRACT} duration`, TIME],
  [`time ${OP.SUBTRACT} time`, DURATION],
  [`duration ${OP.ADD} duration`, DURATION],
  [`duration ${OP.SUBTRACT} duration`, DURATION],
  [`duration ${OP.MULTIPLY} int`, DURATION],
  [`int ${OP.MULTIPLY} duration`, DURATION],
  [`duration ${OP.DIVIDE} duration`, INT],
])
