// Loops, calls, refusals, events, context, hashes. What each takes from the stack and leaves there: spec/clause.md, "Bytecode".

import { type Instruction, OP } from './instruction.ts'
import { entryOf, type Invalid, PACKED, type StackModel } from './stack-model.ts'
import { BOOL, HASH, ID, INT, TIME, type Type } from './type.ts'

const HASH_PARTS_MAX = 32

export function applyToControl(stack: StackModel, { op, a, b }: Instruction, invalid: Invalid): void {
  const { tables, frame } = stack
  switch (op) {
    case OP.EACH:
      stack.iterated = [stack.popList(invalid).item]
      return
    case OP.COUNT:
      if (b < 1) throw invalid('counts to nothing')
      stack.popAll([INT, INT], invalid)
      stack.iterated = [INT]
      return
    case OP.SCAN: {
      const range = entryOf(tables.ranges, b, 'range', invalid)
      const state = entryOf(tables.states, range.state, 'state', invalid)
      const behind = state.keyTypes.slice(range.prefix)
      const start = behind.slice(0, range.start).map((type) => tables.interner.optional(type))
      stack.popAll([...state.keyTypes.slice(0, range.prefix), ...start], invalid)
      stack.iterated = range.values ? [...behind, state.value] : behind
      return
    }
    case OP.CALL: {
      const routine = entryOf(tables.routines, a, 'earlier function', invalid)
      stack.popAll(routine.parameters, invalid)
      if (routine.result !== null) stack.push(routine.result, invalid)
      return
    }
    case OP.CALL_VIEW:
    case OP.CALL_ACTION: {
      const callee = entryOf(tables.module.imports, a, 'import', invalid)
      if ((callee.kind === 'action') !== (op === OP.CALL_ACTION))
        throw invalid(`calls the ${callee.kind} ${callee.name}`)
      stack.popAll(
        callee.parameters.map((index) => tables.types[index] as Type),
        invalid,
      )
      if (callee.result !== null) stack.push(tables.types[callee.result] as Type, invalid)
      else if (op === OP.CALL_VIEW) throw invalid(`a ${callee.kind} returns something`)
      return
    }
    case OP.RETURN:
      if (frame.result !== null) stack.popExactly(frame.result, invalid)
      return
    case OP.REQUIRE:
    case OP.REFUSE:
      entryOf(tables.module.refusals, a, 'refusal', invalid)
      if (b > 0) entryOf(tables.module.abouts, b - 1, 'name', invalid)
      if (op === OP.REQUIRE) stack.popExactly(BOOL, invalid)
      return
    case OP.EMIT: {
      const event = entryOf(tables.events, a, 'event', invalid)
      stack.popAll(
        event.fields.map((field) => field.type),
        invalid,
      )
      return
    }
    case OP.NOW:
      stack.push(TIME, invalid)
      return
    case OP.HEIGHT:
    case OP.EPOCH:
    case OP.CALL_INDEX:
      stack.push(INT, invalid)
      return
    case OP.SENDER:
      stack.push(ID, invalid)
      return
    case OP.TRANSACTION:
      stack.push(HASH, invalid)
      return
    case OP.PACK: {
      stack.popExactly(entryOf(tables.types, a, 'type', invalid), invalid)
      stack.push(PACKED, invalid)
      return
    }
    case OP.HASH:
    case OP.DERIVE_ID:
      if (a > HASH_PARTS_MAX) throw invalid(`hashes more than ${HASH_PARTS_MAX} values`)
      for (let i = 0; i < a; i++) stack.popExactly(PACKED, invalid)
      stack.push(op === OP.HASH ? HASH : ID, invalid)
      return
    case OP.RETYPE: {
      const bytes32: readonly string[] = ['id', 'hash', 'key']
      const to = entryOf(tables.types, a, 'type', invalid)
      const from = stack.popType(invalid)
      if (!bytes32.includes(from.kind) || !bytes32.includes(to.kind)) throw invalid('retypes other than 32 bytes')
      stack.push(to, invalid)
      return
    }
    default:
      throw invalid('is not expected here')
  }
}
