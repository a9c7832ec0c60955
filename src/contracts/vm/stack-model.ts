// What the verifier knows at one point of a function: the type of every value on the stack, and which locals are set.
// One case an instruction: what it takes and what it leaves. spec/clause.md, "Bytecode".

import type { ContractError } from '../errors.ts'
import type { Cell } from './cell.ts'
import { type Instruction, OP } from './instruction.ts'
import type { Module, RangeEntry } from './module.ts'
import type { Program, Routine } from './program.ts'
import {
  BOOL,
  CODE,
  DURATION,
  HASH,
  ID,
  INT,
  INTERVAL,
  INTERVAL_END,
  INTERVAL_ENDS,
  isOrdered,
  isScalar,
  type ListType,
  TIME,
  type Type,
  typeText,
} from './type.ts'
import type { TypeInterner } from './type-interner.ts'

const STACK_MAX = 512
const HASH_PARTS_MAX = 32

/** Canonical bytes on their way into a hash: no type of the language, never stored. */
const PACKED = { kind: 'packed' } as const
export type Slot = Type | typeof PACKED

type Invalid = (reason: string) => ContractError

export interface StackTables {
  readonly module: Module
  readonly types: readonly Type[]
  readonly constants: readonly Cell[]
  readonly states: Program['states']
  readonly events: Program['events']
  readonly ranges: readonly RangeEntry[]
  /** Verified so far: a function calls earlier ones only. */
  readonly routines: readonly Routine[]
  readonly interner: TypeInterner
}

interface Frame {
  readonly locals: readonly Type[]
  readonly parameterCount: number
  readonly result: Type | null
}

const text = (slot: Slot): string => (slot.kind === 'packed' ? 'packed bytes' : typeText(slot))

export class StackModel {
  private readonly frame: Frame
  private readonly tables: StackTables
  private slots: Slot[] = []
  private readonly assigned: Uint8Array
  /** What the loop that was just opened yields. */
  private iterated: readonly Type[] = []
  depthMax = 0

  constructor(frame: Frame, tables: StackTables) {
    this.frame = frame
    this.tables = tables
    this.assigned = new Uint8Array(frame.locals.length).fill(1, 0, frame.parameterCount)
  }

  copy(): StackModel {
    const copy = new StackModel(this.frame, this.tables)
    copy.slots = this.slots.slice()
    copy.assigned.set(this.assigned)
    return copy
  }

  /** Keeps what both ways to one instruction agree on. */
  merge(other: StackModel, invalid: Invalid): void {
    other.assertSame(this, invalid)
    for (let i = 0; i < this.assigned.length; i++) this.assigned[i] = (this.assigned[i] ?? 0) & (other.assigned[i] ?? 0)
  }

  assertSame(other: StackModel, invalid: Invalid): void {
    const same = this.slots.length === other.slots.length && this.slots.every((slot, i) => slot === other.slots[i])
    if (!same) throw invalid('two ways lead here with different stacks')
  }

  assertTop(kind: Type['kind'], invalid: Invalid): void {
    if (this.slots.at(-1)?.kind !== kind) throw invalid(`expected a ${kind} on the stack`)
  }

  /** The stack with the optional on its top known to be some. */
  unwrapped(invalid: Invalid): StackModel {
    const copy = this.copy()
    copy.push(copy.popOptional(invalid), invalid)
    return copy
  }

  /** The types of the values that lie on top, the topmost first: as many as one instruction looks at. */
  top(): readonly (Slot | undefined)[] {
    return [this.slots.at(-1), this.slots.at(-2), this.slots.at(-3)]
  }

  pushIterated(invalid: Invalid): void {
    for (const type of this.iterated) this.push(type, invalid)
  }

  private push(slot: Slot, invalid: Invalid): void {
    if (this.slots.length === STACK_MAX) throw invalid(`more than ${STACK_MAX} values on the stack`)
    this.slots.push(slot)
    this.depthMax = Math.max(this.depthMax, this.slots.length)
  }

  private pop(invalid: Invalid): Slot {
    const slot = this.slots.pop()
    if (slot === undefined) throw invalid('the stack is empty')
    return slot
  }

  private popType(invalid: Invalid): Type {
    const slot = this.pop(invalid)
    if (slot.kind === 'packed') throw invalid('packed bytes can only be hashed')
    return slot
  }

  private popExactly(expected: Slot, invalid: Invalid): void {
    const slot = this.pop(invalid)
    if (slot !== expected) throw invalid(`expected ${text(expected)} on the stack, found ${text(slot)}`)
  }

  private popOptional(invalid: Invalid): Type {
    const type = this.popType(invalid)
    if (type.kind !== 'optional') throw invalid(`expected an optional value, found ${text(type)}`)
    return type.value
  }

  private popList(invalid: Invalid): ListType {
    const type = this.popType(invalid)
    if (type.kind !== 'list') throw invalid(`expected a list, found ${text(type)}`)
    return type
  }

  /** Takes `types` off the stack, of which the last lies on top. */
  private popAll(types: readonly Type[], invalid: Invalid): void {
    for (let i = types.length - 1; i >= 0; i--) this.popExactly(types[i] as Type, invalid)
  }

  private entry<T>(table: readonly T[], index: number, what: string, invalid: Invalid): T {
    const entry = table[index]
    if (entry === undefined) throw invalid(`there is no ${what} ${index}`)
    return entry
  }

  /** Everything but jumps: those are verify-function's. */
  apply({ op, a, b }: Instruction, invalid: Invalid): void {
    const { tables, frame } = this
    const type = () => this.entry(tables.types, a, 'type', invalid)
    switch (op) {
      case OP.CONSTANT: {
        const constant = this.entry(tables.module.constants, a, 'constant', invalid)
        this.push(this.entry(tables.types, constant.type, 'type', invalid), invalid)
        return
      }
      case OP.NONE:
        if (type().kind !== 'optional') throw invalid('only an optional value can be none')
        this.push(type(), invalid)
        return
      case OP.LOCAL: {
        const local = this.entry(frame.locals, a, 'local', invalid)
        if (this.assigned[a] !== 1) throw invalid(`local ${a} may not be set yet`)
        this.push(local, invalid)
        return
      }
      case OP.SET_LOCAL:
        this.popExactly(this.entry(frame.locals, a, 'local', invalid), invalid)
        this.assigned[a] = 1
        return
      case OP.POP:
        this.pop(invalid)
        return
      case OP.WIDEN:
        this.widen(this.popType(invalid), type(), invalid)
        return
      case OP.UNWRAP:
        this.push(this.popOptional(invalid), invalid)
        return
      case OP.IS_SOME:
      case OP.IS_NONE:
        this.popOptional(invalid)
        this.push(BOOL, invalid)
        return
      case OP.SOME_OR:
        this.popOptional(invalid)
        return
      case OP.JUMP_IF_FALSE:
      case OP.JUMP_IF_TRUE:
      case OP.AND:
      case OP.OR:
        this.popExactly(BOOL, invalid)
        return
      case OP.NOT:
        this.popExactly(BOOL, invalid)
        this.push(BOOL, invalid)
        return
      case OP.ADD:
      case OP.SUBTRACT:
      case OP.MULTIPLY:
      case OP.DIVIDE:
      case OP.REMAINDER: {
        const right = this.popType(invalid)
        const left = this.popType(invalid)
        this.push(arithmetic(op, left, right, invalid), invalid)
        return
      }
      case OP.NEGATE: {
        const operand = this.popType(invalid)
        if (operand !== INT && operand !== DURATION) throw invalid(`${text(operand)} has no negative`)
        this.push(operand, invalid)
        return
      }
      case OP.EQUAL:
      case OP.NOT_EQUAL: {
        const right = this.popType(invalid)
        this.popExactly(right, invalid)
        const compared = right.kind === 'optional' ? right.value : right
        if (!isScalar(compared)) throw invalid(`${text(right)} is not compared`)
        this.push(BOOL, invalid)
        return
      }
      case OP.LESS:
      case OP.LESS_OR_EQUAL:
      case OP.GREATER:
      case OP.GREATER_OR_EQUAL:
      case OP.MINIMUM:
      case OP.MAXIMUM: {
        const right = this.popType(invalid)
        this.popExactly(right, invalid)
        if (!isOrdered(right)) throw invalid(`${text(right)} has no order`)
        this.push(op === OP.MINIMUM || op === OP.MAXIMUM ? right : BOOL, invalid)
        return
      }
      default:
        this.applyToCompound({ op, a, b }, invalid)
        return
    }
  }

  private widen(from: Type, to: Type, invalid: Invalid): void {
    const toOptional = to.kind === 'optional' && to.value === from
    const toLonger = to.kind === 'list' && from.kind === 'list' && to.item === from.item && to.max >= from.max
    if (!toOptional && !toLonger) throw invalid(`${text(from)} is no ${text(to)}`)
    this.push(to, invalid)
  }

  private applyToCompound({ op, a, b }: Instruction, invalid: Invalid): void {
    const { tables } = this
    switch (op) {
      case OP.RECORD: {
        const type = this.entry(tables.types, a, 'type', invalid)
        if (type.kind !== 'record') throw invalid(`${text(type)} is no record`)
        this.popAll(
          type.fields.map((field) => field.type),
          invalid,
        )
        this.push(type, invalid)
        return
      }
      case OP.FIELD: {
        const type = this.popType(invalid)
        if (type === INTERVAL && a < INTERVAL_ENDS.length) {
          this.push(INTERVAL_END, invalid)
          return
        }
        if (type.kind !== 'record') throw invalid(`${text(type)} is no record`)
        this.push(this.entry(type.fields, a, 'field', invalid).type, invalid)
        return
      }
      case OP.INTERVAL:
        this.popAll([INTERVAL_END, INTERVAL_END], invalid)
        this.push(INTERVAL, invalid)
        return
      case OP.HOLDS:
      case OP.WITHIN:
      case OP.OVERLAPS:
        this.popAll([INTERVAL, op === OP.HOLDS ? TIME : INTERVAL], invalid)
        this.push(BOOL, invalid)
        return
      case OP.WITH: {
        const value = this.popType(invalid)
        const type = this.popType(invalid)
        if (type.kind !== 'record') throw invalid(`${text(type)} is no record`)
        if (this.entry(type.fields, a, 'field', invalid).type !== value)
          throw invalid(`field ${a} is no ${text(value)}`)
        this.push(type, invalid)
        return
      }
      case OP.LIST: {
        const type = this.entry(tables.types, a, 'type', invalid)
        if (type.kind !== 'list' || b > type.max) throw invalid(`${text(type)} is no list of ${b} elements`)
        for (let i = 0; i < b; i++) this.popExactly(type.item, invalid)
        this.push(type, invalid)
        return
      }
      case OP.LENGTH:
        this.popList(invalid)
        this.push(INT, invalid)
        return
      case OP.INDEX: {
        this.popExactly(INT, invalid)
        this.push(this.popList(invalid).item, invalid)
        return
      }
      case OP.CONTAINS: {
        const list = this.popList(invalid)
        if (!isScalar(list.item)) throw invalid(`elements of ${text(list)} are not compared`)
        this.popExactly(list.item, invalid)
        this.push(BOOL, invalid)
        return
      }
      case OP.APPEND:
      case OP.WITH_MEMBER:
      case OP.WITHOUT_MEMBER: {
        const item = this.popType(invalid)
        const list = this.popList(invalid)
        if (list.item !== item) throw invalid(`${text(item)} is no element of ${text(list)}`)
        if (op !== OP.WITHOUT_MEMBER && a !== list.max) throw invalid(`${text(list)} grows to ${list.max}, not to ${a}`)
        if (op !== OP.APPEND && !isScalar(item)) throw invalid(`elements of ${text(list)} are not compared`)
        this.push(list, invalid)
        return
      }
      case OP.REPLACE: {
        const item = this.popType(invalid)
        this.popExactly(INT, invalid)
        const list = this.popList(invalid)
        if (list.item !== item) throw invalid(`${text(item)} is no element of ${text(list)}`)
        this.push(list, invalid)
        return
      }
      case OP.GET:
      case OP.HAS:
      case OP.PUT:
      case OP.DELETE: {
        const state = this.entry(tables.states, a, 'state', invalid)
        if (op === OP.PUT) this.popExactly(state.value, invalid)
        this.popAll(state.keyTypes, invalid)
        if (op === OP.GET) this.push(tables.interner.optional(state.value), invalid)
        if (op === OP.HAS) this.push(BOOL, invalid)
        return
      }
      case OP.COVERS: {
        const state = this.entry(tables.states, a, 'state', invalid)
        if (!state.isTable) throw invalid(`${state.name} is no table`)
        this.popAll([...state.keyTypes.slice(0, -1), CODE, CODE], invalid)
        this.push(BOOL, invalid)
        return
      }
      default:
        this.applyToControl({ op, a, b }, invalid)
        return
    }
  }

  private applyToControl({ op, a, b }: Instruction, invalid: Invalid): void {
    const { tables, frame } = this
    switch (op) {
      case OP.EACH:
        this.iterated = [this.popList(invalid).item]
        return
      case OP.COUNT:
        if (b < 1) throw invalid('counts to nothing')
        this.popAll([INT, INT], invalid)
        this.iterated = [INT]
        return
      case OP.SCAN: {
        const range = this.entry(tables.ranges, b, 'range', invalid)
        const state = this.entry(tables.states, range.state, 'state', invalid)
        const behind = state.keyTypes.slice(range.prefix)
        const start = behind.slice(0, range.start).map((type) => tables.interner.optional(type))
        this.popAll([...state.keyTypes.slice(0, range.prefix), ...start], invalid)
        this.iterated = range.values ? [...behind, state.value] : behind
        return
      }
      case OP.CALL: {
        const routine = this.entry(tables.routines, a, 'earlier function', invalid)
        this.popAll(routine.parameters, invalid)
        if (routine.result !== null) this.push(routine.result, invalid)
        return
      }
      case OP.CALL_VIEW:
      case OP.CALL_ACTION: {
        const callee = this.entry(tables.module.imports, a, 'import', invalid)
        if ((callee.kind === 'action') !== (op === OP.CALL_ACTION))
          throw invalid(`calls the ${callee.kind} ${callee.name}`)
        this.popAll(
          callee.parameters.map((index) => tables.types[index] as Type),
          invalid,
        )
        if (callee.result !== null) this.push(tables.types[callee.result] as Type, invalid)
        else if (op === OP.CALL_VIEW) throw invalid(`a ${callee.kind} returns something`)
        return
      }
      case OP.RETURN:
        if (frame.result !== null) this.popExactly(frame.result, invalid)
        return
      case OP.REQUIRE:
      case OP.REFUSE:
        this.entry(tables.module.refusals, a, 'refusal', invalid)
        if (b > 0) this.entry(tables.module.abouts, b - 1, 'name', invalid)
        if (op === OP.REQUIRE) this.popExactly(BOOL, invalid)
        return
      case OP.EMIT: {
        const event = this.entry(tables.events, a, 'event', invalid)
        this.popAll(
          event.fields.map((field) => field.type),
          invalid,
        )
        return
      }
      case OP.NOW:
        this.push(TIME, invalid)
        return
      case OP.HEIGHT:
      case OP.EPOCH:
      case OP.CALL_INDEX:
        this.push(INT, invalid)
        return
      case OP.SENDER:
        this.push(ID, invalid)
        return
      case OP.TRANSACTION:
        this.push(HASH, invalid)
        return
      case OP.PACK: {
        this.popExactly(this.entry(tables.types, a, 'type', invalid), invalid)
        this.push(PACKED, invalid)
        return
      }
      case OP.HASH:
      case OP.DERIVE_ID:
        if (a > HASH_PARTS_MAX) throw invalid(`hashes more than ${HASH_PARTS_MAX} values`)
        for (let i = 0; i < a; i++) this.popExactly(PACKED, invalid)
        this.push(op === OP.HASH ? HASH : ID, invalid)
        return
      case OP.RETYPE: {
        const bytes32: readonly string[] = ['id', 'hash', 'key']
        const to = this.entry(tables.types, a, 'type', invalid)
        const from = this.popType(invalid)
        if (!bytes32.includes(from.kind) || !bytes32.includes(to.kind)) throw invalid('retypes other than 32 bytes')
        this.push(to, invalid)
        return
      }
      default:
        throw invalid('is not expected here')
    }
  }
}

function arithmetic(op: number, left: Type, right: Type, invalid: Invalid): Type {
  const result = ARITHMETIC.get(`${left.kind} ${op} ${right.kind}`)
  if (result === undefined) throw invalid(`is not defined on ${text(left)} and ${text(right)}`)
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
