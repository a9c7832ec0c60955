// Records, lists, intervals, state. What each takes from the stack and leaves there: spec/clause.md, "Bytecode".

import { applyToControl } from './apply-control.ts'
import { type Instruction, OP } from './instruction.ts'
import { entryOf, type Invalid, type StackModel, textOf } from './stack-model.ts'
import { BOOL, CODE, INT, INTERVAL, INTERVAL_END, INTERVAL_ENDS, isScalar, TIME } from './type.ts'

export function applyToCompound(stack: StackModel, { op, a, b }: Instruction, invalid: Invalid): void {
  const { tables } = stack
  switch (op) {
    case OP.RECORD: {
      const type = entryOf(tables.types, a, 'type', invalid)
      if (type.kind !== 'record') throw invalid(`${textOf(type)} is no record`)
      stack.popAll(
        type.fields.map((field) => field.type),
        invalid,
      )
      stack.push(type, invalid)
      return
    }
    case OP.FIELD: {
      const type = stack.popType(invalid)
      if (type === INTERVAL && a < INTERVAL_ENDS.length) {
        stack.push(INTERVAL_END, invalid)
        return
      }
      if (type.kind !== 'record') throw invalid(`${textOf(type)} is no record`)
      stack.push(entryOf(type.fields, a, 'field', invalid).type, invalid)
      return
    }
    case OP.INTERVAL:
      stack.popAll([INTERVAL_END, INTERVAL_END], invalid)
      stack.push(INTERVAL, invalid)
      return
    case OP.HOLDS:
    case OP.WITHIN:
    case OP.OVERLAPS:
      stack.popAll([INTERVAL, op === OP.HOLDS ? TIME : INTERVAL], invalid)
      stack.push(BOOL, invalid)
      return
    case OP.WITH: {
      const value = stack.popType(invalid)
      const type = stack.popType(invalid)
      if (type.kind !== 'record') throw invalid(`${textOf(type)} is no record`)
      if (entryOf(type.fields, a, 'field', invalid).type !== value) throw invalid(`field ${a} is no ${textOf(value)}`)
      stack.push(type, invalid)
      return
    }
    case OP.LIST: {
      const type = entryOf(tables.types, a, 'type', invalid)
      if (type.kind !== 'list' || b > type.max) throw invalid(`${textOf(type)} is no list of ${b} elements`)
      for (let i = 0; i < b; i++) stack.popExactly(type.item, invalid)
      stack.push(type, invalid)
      return
    }
    case OP.LENGTH:
      stack.popList(invalid)
      stack.push(INT, invalid)
      return
    case OP.INDEX: {
      stack.popExactly(INT, invalid)
      stack.push(stack.popList(invalid).item, invalid)
      return
    }
    case OP.CONTAINS: {
      const list = stack.popList(invalid)
      if (!isScalar(list.item)) throw invalid(`elements of ${textOf(list)} are not compared`)
      stack.popExactly(list.item, invalid)
      stack.push(BOOL, invalid)
      return
    }
    case OP.APPEND:
    case OP.WITH_MEMBER:
    case OP.WITHOUT_MEMBER: {
      const item = stack.popType(invalid)
      const list = stack.popList(invalid)
      if (list.item !== item) throw invalid(`${textOf(item)} is no element of ${textOf(list)}`)
      if (op !== OP.WITHOUT_MEMBER && a !== list.max) throw invalid(`${textOf(list)} grows to ${list.max}, not to ${a}`)
      if (op !== OP.APPEND && !isScalar(item)) throw invalid(`elements of ${textOf(list)} are not compared`)
      stack.push(list, invalid)
      return
    }
    case OP.REPLACE: {
      const item = stack.popType(invalid)
      stack.popExactly(INT, invalid)
      const list = stack.popList(invalid)
      if (list.item !== item) throw invalid(`${textOf(item)} is no element of ${textOf(list)}`)
      stack.push(list, invalid)
      return
    }
    case OP.GET:
    case OP.HAS:
    case OP.PUT:
    case OP.DELETE: {
      const state = entryOf(tables.states, a, 'state', invalid)
      if (op === OP.PUT) stack.popExactly(state.value, invalid)
      stack.popAll(state.keyTypes, invalid)
      if (op === OP.GET) stack.push(tables.interner.optional(state.value), invalid)
      if (op === OP.HAS) stack.push(BOOL, invalid)
      return
    }
    case OP.COVERS: {
      const state = entryOf(tables.states, a, 'state', invalid)
      if (!state.isTable) throw invalid(`${state.name} is no table`)
      stack.popAll([...state.keyTypes.slice(0, -1), CODE, CODE], invalid)
      stack.push(BOOL, invalid)
      return
    }
    default:
      applyToControl(stack, { op, a, b }, invalid)
      return
  }
}
