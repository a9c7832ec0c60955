// The machine: runs verified routines, one switch over predecoded instructions. It checks what the verifier cannot
// know (overflow, indexes, gas) and nothing else. Deterministic: time, sender and state come in with the call.

import { taggedHash } from '../../crypto/hash.ts'
import { assert } from '../../types/assert.ts'
import type { Hash, IdentityId } from '../../types/brand.ts'
import { Writer } from '../../types/canonical-bytes.ts'
import { encodeValue, type Value } from '../../types/canonical-value.ts'
import type { ContractEvent } from '../../types/receipt.ts'
import { TAG } from '../../types/tags.ts'
import type { StateAccess } from '../state-access.ts'
import { type Cell, isEmptyInterval, valueFromCell } from './cell.ts'
import {
  decodeEntryKey,
  decodeStateValue,
  encodeStateValue,
  type RawEntry,
  readRange,
  stateKey,
} from './contract-state.ts'
import { GAS, OP, OPERATIONS } from './instruction.ts'
import { holds, type Interval, isWithin, overlap } from './interval.ts'
import type { EntryImport } from './module.ts'
import { type Program, type Routine, STRIDE, type StateTable } from './program.ts'
import { Refusal, refuse } from './refusal.ts'
import type { Type } from './type.ts'

/** A program with the entries of used contracts that it calls. */
export interface LinkedProgram extends Program {
  /** The most gas that a call of each routine uses, with everything that it calls. */
  readonly gasMax: readonly number[]
  readonly imports: readonly {
    readonly program: LinkedProgram
    readonly routine: Routine
    readonly import: EntryImport
  }[]
}

export interface MachineContext {
  readonly timeMs: number
  readonly height: number
  readonly epoch: number
  /** Absent in queries: no verified view asks for it. */
  readonly call?: { readonly sender: IdentityId; readonly transactionId: Hash; readonly callIndex: number }
}

/** Cells that one call may make: bounds the memory of a call whatever its gas. */
const CELLS_MAX = 4_000_000
/** Events of one call: a receipt stays small enough to prove and to send. */
const EVENTS_MAX = 1_024

/** A loop under way. */
interface Iteration {
  readonly items: readonly Cell[]
  readonly entries: readonly RawEntry[]
  readonly prefix: Uint8Array
  readonly range: number
  position: number
  readonly end: number
}

const NO_ITEMS: readonly Cell[] = []
const NO_ENTRIES: readonly RawEntry[] = []
const NO_PREFIX = new Uint8Array()

export class Machine {
  readonly events: ContractEvent[] = []
  gas: number
  private readonly state: StateAccess
  private readonly context: MachineContext
  private readonly stack: Cell[] = []
  private cells = 0

  constructor(state: StateAccess, context: MachineContext, gas: number) {
    this.state = state
    this.context = context
    this.gas = gas
  }

  /** Throws Refusal. */
  call(program: LinkedProgram, routine: Routine, parameters: readonly Cell[]): Cell {
    for (let i = 0; i < parameters.length; i++) this.stack[i] = parameters[i] as Cell
    this.run(program, routine, 0)
    return routine.result === null ? null : (this.stack[0] as Cell)
  }

  private charge(gas: number): void {
    this.gas -= gas
    if (this.gas < 0) refuse('OUT_OF_GAS')
  }

  private note(cells: number): void {
    this.cells += cells
    if (this.cells > CELLS_MAX) refuse('OUT_OF_MEMORY')
  }

  private chargeCells(count: number): void {
    this.note(count)
    this.charge(count * GAS.perCell)
  }

  private chargeBytes(count: number, shift: number): void {
    this.note(count)
    this.charge(count >> shift)
  }

  /** Parameters lie at `base` of the stack; the result is left there. */
  private run(program: LinkedProgram, routine: Routine, base: number): void {
    const { code } = routine
    const { stack, context } = this
    const iterations: Iteration[] = []
    let sp = base + routine.localCount
    let pc = 0
    for (;;) {
      const a = code[pc + 1] as number
      this.gas -= code[pc + 3] as number
      if (this.gas < 0) refuse('OUT_OF_GAS')
      switch (code[pc]) {
        case OP.CONSTANT:
          stack[sp++] = program.constants[a] as Cell
          break
        case OP.NONE:
          stack[sp++] = null
          break
        case OP.LOCAL:
          stack[sp++] = stack[base + a] as Cell
          break
        case OP.SET_LOCAL:
          stack[base + a] = stack[--sp] as Cell
          break
        case OP.POP:
          sp--
          break
        case OP.WIDEN:
        case OP.RETYPE:
          break
        case OP.UNWRAP:
          if (stack[sp - 1] === null) refuse('MISSING_VALUE')
          break
        case OP.IS_SOME:
          stack[sp - 1] = stack[sp - 1] !== null
          break
        case OP.IS_NONE:
          stack[sp - 1] = stack[sp - 1] === null
          break
        case OP.SOME_OR:
          if (stack[sp - 1] !== null) {
            pc = a
            continue
          }
          sp--
          break
        case OP.JUMP:
        case OP.REPEAT:
          pc = a
          continue
        case OP.JUMP_IF_FALSE:
          if (stack[--sp] === false) {
            pc = a
            continue
          }
          break
        case OP.JUMP_IF_TRUE:
          if (stack[--sp] === true) {
            pc = a
            continue
          }
          break
        case OP.AND:
          if (stack[sp - 1] === false) {
            pc = a
            continue
          }
          sp--
          break
        case OP.OR:
          if (stack[sp - 1] === true) {
            pc = a
            continue
          }
          sp--
          break
        case OP.NOT:
          stack[sp - 1] = stack[sp - 1] === false
          break
        case OP.ADD: {
          const right = stack[--sp] as number
          stack[sp - 1] = safe((stack[sp - 1] as number) + right)
          break
        }
        case OP.SUBTRACT: {
          const right = stack[--sp] as number
          stack[sp - 1] = safe((stack[sp - 1] as number) - right)
          break
        }
        case OP.MULTIPLY: {
          const right = stack[--sp] as number
          // + 0 turns -0, which has no canonical encoding, into 0.
          stack[sp - 1] = safe((stack[sp - 1] as number) * right) + 0
          break
        }
        case OP.DIVIDE: {
          const right = stack[--sp] as number
          const left = stack[sp - 1] as number
          if (right === 0) refuse('DIVISION_BY_ZERO')
          // Exact: the remainder is, and the difference is a multiple of the divisor.
          stack[sp - 1] = (left - (left % right)) / right + 0
          break
        }
        case OP.REMAINDER: {
          const right = stack[--sp] as number
          if (right === 0) refuse('DIVISION_BY_ZERO')
          stack[sp - 1] = ((stack[sp - 1] as number) % right) + 0
          break
        }
        case OP.NEGATE:
          stack[sp - 1] = 0 - (stack[sp - 1] as number)
          break
        case OP.EQUAL:
          sp--
          stack[sp - 1] = stack[sp - 1] === stack[sp]
          break
        case OP.NOT_EQUAL:
          sp--
          stack[sp - 1] = stack[sp - 1] !== stack[sp]
          break
        case OP.LESS:
          sp--
          stack[sp - 1] = (stack[sp - 1] as number) < (stack[sp] as number)
          break
        case OP.LESS_OR_EQUAL:
          sp--
          stack[sp - 1] = (stack[sp - 1] as number) <= (stack[sp] as number)
          break
        case OP.GREATER:
          sp--
          stack[sp - 1] = (stack[sp - 1] as number) > (stack[sp] as number)
          break
        case OP.GREATER_OR_EQUAL:
          sp--
          stack[sp - 1] = (stack[sp - 1] as number) >= (stack[sp] as number)
          break
        case OP.MINIMUM:
          sp--
          stack[sp - 1] = Math.min(stack[sp - 1] as number, stack[sp] as number)
          break
        case OP.MAXIMUM:
          sp--
          stack[sp - 1] = Math.max(stack[sp - 1] as number, stack[sp] as number)
          break
        case OP.RECORD: {
          const type = program.types[a] as Type & { kind: 'record' }
          const count = type.fields.length
          this.chargeCells(count)
          sp -= count
          stack[sp] = stack.slice(sp, sp + count)
          sp++
          break
        }
        case OP.FIELD:
          stack[sp - 1] = (stack[sp - 1] as readonly Cell[])[a] as Cell
          break
        case OP.WITH: {
          const value = stack[--sp] as Cell
          const record = (stack[sp - 1] as readonly Cell[]).slice()
          this.chargeCells(record.length)
          record[a] = value
          stack[sp - 1] = record
          break
        }
        case OP.INTERVAL: {
          sp--
          const ends = [stack[sp - 1] as Cell, stack[sp] as Cell] as (number | null)[]
          if (isEmptyInterval(ends)) refuse('EMPTY_INTERVAL')
          this.note(2)
          stack[sp - 1] = ends
          break
        }
        case OP.HOLDS:
          sp--
          stack[sp - 1] = holds(stack[sp - 1] as Interval, stack[sp] as number)
          break
        case OP.WITHIN:
          sp--
          stack[sp - 1] = isWithin(stack[sp - 1] as Interval, stack[sp] as Interval)
          break
        case OP.OVERLAPS:
          sp--
          stack[sp - 1] = overlap(stack[sp - 1] as Interval, stack[sp] as Interval)
          break
        case OP.LIST: {
          const count = code[pc + 2] as number
          this.chargeCells(count)
          sp -= count
          stack[sp] = stack.slice(sp, sp + count)
          sp++
          break
        }
        case OP.LENGTH:
          stack[sp - 1] = (stack[sp - 1] as readonly Cell[]).length
          break
        case OP.INDEX: {
          const index = stack[--sp] as number
          const list = stack[sp - 1] as readonly Cell[]
          if (index < 0 || index >= list.length) refuse('INDEX_OUT_OF_RANGE')
          stack[sp - 1] = list[index] as Cell
          break
        }
        case OP.CONTAINS: {
          const list = stack[--sp] as readonly Cell[]
          this.charge(list.length >> GAS.perComparisonShift)
          stack[sp - 1] = list.includes(stack[sp - 1] as Cell)
          break
        }
        case OP.APPEND: {
          const item = stack[--sp] as Cell
          stack[sp - 1] = this.append(stack[sp - 1] as readonly Cell[], item, a)
          break
        }
        case OP.WITH_MEMBER: {
          const item = stack[--sp] as Cell
          const list = stack[sp - 1] as readonly Cell[]
          this.charge(list.length >> GAS.perComparisonShift)
          if (!list.includes(item)) stack[sp - 1] = this.append(list, item, a)
          break
        }
        case OP.WITHOUT_MEMBER: {
          const item = stack[--sp] as Cell
          const list = stack[sp - 1] as readonly Cell[]
          this.chargeCells(list.length)
          stack[sp - 1] = list.filter((member) => member !== item)
          break
        }
        case OP.REPLACE: {
          const item = stack[--sp] as Cell
          const index = stack[--sp] as number
          const list = (stack[sp - 1] as readonly Cell[]).slice()
          if (index < 0 || index >= list.length) refuse('INDEX_OUT_OF_RANGE')
          this.chargeCells(list.length)
          list[index] = item
          stack[sp - 1] = list
          break
        }
        case OP.GET: {
          const table = program.states[a] as StateTable
          sp -= table.keyTypes.length
          const bytes = this.state.get(stateKey(table, stack.slice(sp, sp + table.keyTypes.length)))
          stack[sp++] = bytes === undefined ? null : this.decode(table, bytes)
          break
        }
        case OP.HAS: {
          const table = program.states[a] as StateTable
          sp -= table.keyTypes.length
          stack[sp] = this.state.get(stateKey(table, stack.slice(sp, sp + table.keyTypes.length))) !== undefined
          sp++
          break
        }
        case OP.PUT: {
          const table = program.states[a] as StateTable
          const bytes = encodeStateValue(table, stack[--sp] as Cell)
          sp -= table.keyTypes.length
          const key = stateKey(table, stack.slice(sp, sp + table.keyTypes.length))
          this.chargeBytes(key.length + bytes.length, GAS.perByteWrittenShift)
          this.state.put(key, bytes)
          break
        }
        case OP.DELETE: {
          const table = program.states[a] as StateTable
          sp -= table.keyTypes.length
          this.state.delete(stateKey(table, stack.slice(sp, sp + table.keyTypes.length)))
          break
        }
        case OP.COVERS: {
          const table = program.states[a] as StateTable
          const narrower = stack[--sp] as Cell
          const broader = stack[--sp] as Cell
          sp -= table.keyTypes.length - 1
          const key = stateKey(table, [...stack.slice(sp, sp + table.keyTypes.length - 1), narrower])
          const bytes = this.state.get(key)
          // A price that depends on nothing: how deep a hierarchy is must not decide what a call costs.
          stack[sp++] = bytes !== undefined && (decodeStateValue(table, bytes) as readonly Cell[]).includes(broader)
          break
        }
        case OP.EACH: {
          const items = stack[--sp] as readonly Cell[]
          iterations[a] = { items, entries: NO_ENTRIES, prefix: NO_PREFIX, range: 0, position: 0, end: items.length }
          break
        }
        case OP.NEXT_ITEM: {
          const iteration = iterations[a] as Iteration
          if (iteration.position === iteration.end) {
            pc = code[pc + 2] as number
            continue
          }
          stack[sp++] = iteration.items[iteration.position++] as Cell
          break
        }
        case OP.COUNT: {
          const end = stack[--sp] as number
          const position = stack[--sp] as number
          if (end - position > (code[pc + 2] as number)) refuse('RANGE_TOO_LARGE')
          iterations[a] = { items: NO_ITEMS, entries: NO_ENTRIES, prefix: NO_PREFIX, range: 0, position, end }
          break
        }
        case OP.NEXT_INTEGER: {
          const iteration = iterations[a] as Iteration
          if (iteration.position >= iteration.end) {
            pc = code[pc + 2] as number
            continue
          }
          stack[sp++] = iteration.position++
          break
        }
        case OP.SCAN: {
          const index = code[pc + 2] as number
          const range = program.ranges[index] as Program['ranges'][number]
          sp -= range.prefix + range.start
          const middle = sp + range.prefix
          const { prefix, entries } = readRange(
            this.state,
            { table: program.states[range.state] as StateTable, entry: range },
            { parts: stack.slice(sp, middle), start: stack.slice(middle, middle + range.start) },
          )
          if (entries.length > range.max) refuse('RANGE_TOO_LARGE')
          this.charge(entries.length * GAS.perEntry)
          iterations[a] = { items: NO_ITEMS, entries, prefix, range: index, position: 0, end: entries.length }
          break
        }
        case OP.NEXT_ENTRY: {
          const iteration = iterations[a] as Iteration
          if (iteration.position === iteration.end) {
            pc = code[pc + 2] as number
            continue
          }
          const range = program.ranges[iteration.range] as Program['ranges'][number]
          const table = program.states[range.state] as StateTable
          const entry = iteration.entries[iteration.position++] as RawEntry
          for (const part of decodeEntryKey(table, range, entry, iteration.prefix)) stack[sp++] = part
          if (range.values) stack[sp++] = this.decode(table, entry[1])
          break
        }
        case OP.CALL: {
          const callee = program.routines[a] as Routine
          sp -= callee.parameters.length
          this.run(program, callee, sp)
          if (callee.result !== null) sp++
          break
        }
        case OP.CALL_VIEW:
        case OP.CALL_ACTION: {
          const callee = program.imports[a] as LinkedProgram['imports'][number]
          sp -= callee.routine.parameters.length
          this.run(callee.program, callee.routine, sp)
          if (callee.routine.result !== null) sp++
          break
        }
        case OP.RETURN:
          if (routine.result !== null) stack[base] = stack[sp - 1] as Cell
          return
        case OP.REQUIRE:
          if (stack[--sp] === false) throw refusalOf(program, a, code[pc + 2] as number)
          break
        case OP.REFUSE:
          throw refusalOf(program, a, code[pc + 2] as number)
        case OP.EMIT: {
          const event = program.events[a] as Program['events'][number]
          sp -= event.fields.length
          this.emit(program, event, stack.slice(sp, sp + event.fields.length))
          break
        }
        case OP.NOW:
          stack[sp++] = context.timeMs
          break
        case OP.HEIGHT:
          stack[sp++] = context.height
          break
        case OP.EPOCH:
          stack[sp++] = context.epoch
          break
        case OP.SENDER:
          stack[sp++] = this.transaction().sender
          break
        case OP.TRANSACTION:
          stack[sp++] = this.transaction().transactionId
          break
        case OP.CALL_INDEX:
          stack[sp++] = this.transaction().callIndex
          break
        case OP.PACK: {
          const packed = encodeValue(valueFromCell(program.types[a] as Type, stack[sp - 1] as Cell))
          this.chargeBytes(packed.length, GAS.perByteShift)
          stack[sp - 1] = packed as unknown as Cell
          break
        }
        case OP.HASH:
          sp -= a
          stack[sp] = this.hash(TAG.clauseHash, stack.slice(sp, sp + a))
          sp++
          break
        case OP.DERIVE_ID: {
          const { transactionId, callIndex } = this.transaction()
          const origin = [Uint8Array.fromHex(transactionId), callIndex].map(encodeValue) as unknown[] as Cell[]
          sp -= a
          stack[sp] = this.hash(TAG.clauseId, [...origin, ...stack.slice(sp, sp + a)])
          sp++
          break
        }
        default:
          assert(false, `opcode ${code[pc]} passed the verifier: ${OPERATIONS[code[pc] as number]?.name}`)
      }
      pc += STRIDE
    }
  }

  private transaction(): NonNullable<MachineContext['call']> {
    assert(this.context.call !== undefined, 'a view reads the transaction')
    return this.context.call
  }

  private append(list: readonly Cell[], item: Cell, max: number): readonly Cell[] {
    if (list.length >= max) refuse('LIST_FULL')
    this.chargeCells(list.length + 1)
    return [...list, item]
  }

  private decode(table: StateTable, bytes: Uint8Array): Cell {
    this.chargeBytes(bytes.length, GAS.perByteShift)
    return decodeStateValue(table, bytes)
  }

  private emit(program: LinkedProgram, event: Program['events'][number], cells: readonly Cell[]): void {
    if (this.events.length === EVENTS_MAX) refuse('TOO_MANY_EVENTS')
    const fields: { [name: string]: Value } = {}
    for (const [i, { name, type }] of event.fields.entries()) {
      fields[name] = valueFromCell(type, cells[i] as Cell)
      const count = countCells(cells[i] as Cell)
      this.note(count)
      this.charge(count * GAS.perCellEmitted)
    }
    this.events.push({ contract: program.module.name, name: event.name, fields })
  }

  /** Of the canonical list of parts that are packed already. */
  private hash(tag: string, packed: readonly Cell[]): Hash {
    const writer = new Writer()
    writer.list(packed.length)
    for (const part of packed) writer.raw(part as unknown as Uint8Array)
    return taggedHash(tag, writer.finish())
  }
}

function safe(result: number): number {
  if (result > Number.MAX_SAFE_INTEGER || result < Number.MIN_SAFE_INTEGER) refuse('OVERFLOW')
  return result
}

function countCells(cell: Cell): number {
  return Array.isArray(cell) ? (cell as readonly Cell[]).reduce((sum: number, part) => sum + countCells(part), 1) : 1
}

function refusalOf(program: Program, code: number, about: number): Refusal {
  const name = about === 0 ? undefined : program.module.abouts[about - 1]
  return new Refusal(program.module.refusals[code]?.code as string, name)
}
