// The most gas that code can use. Every loop has a bound and every value a largest size, so there is a longest way through
// a function; it is found in one pass from the end to the beginning. spec/clause.md, "Worst-case gas".

import { GAS, type Instruction, OP, OPERATIONS } from './instruction.ts'
import type { StateTable } from './program.ts'
import { cellsMax, keyBytesMax, packedBytesMax, stateBytesMax } from './size-of-type.ts'
import type { Slot, StackTables } from './stack-model.ts'
import type { Type } from './type.ts'

/** What one instruction of a verified function costs at most, without the functions that it calls. */
export interface InstructionBound {
  readonly gas: number
  /** Of an opener: how often its loop runs at most. */
  readonly rounds: number
}

export interface BoundContext {
  readonly tables: StackTables
  /** What lies on the stack before the instruction, the topmost first. */
  readonly top: readonly (Slot | undefined)[]
  /** The instruction before: where this one is a NEXT, what opened its loop. */
  readonly opener: Instruction | undefined
}

export function boundOf(instruction: Instruction, context: BoundContext): InstructionBound {
  const fixed = OPERATIONS[instruction.op]?.gas ?? 0
  return { gas: fixed + extraGas(instruction, context), rounds: roundsOf(instruction, context) }
}

function roundsOf({ op, b }: Instruction, { tables, top }: BoundContext): number {
  switch (op) {
    case OP.EACH:
      return listMax(top[0])
    case OP.COUNT:
      return b
    case OP.SCAN:
      return tables.ranges[b]?.max ?? 0
    default:
      return 0
  }
}

const listMax = (slot: Slot | undefined): number => (slot?.kind === 'list' ? slot.max : 0)
const fieldCount = (slot: Slot | undefined): number => (slot?.kind === 'record' ? slot.fields.length : 0)
const bytesGas = (bytes: number, shift: number): number => Math.floor(bytes / 2 ** shift)

/** Beyond the fixed price. */
function extraGas({ op, a, b }: Instruction, { tables, top, opener }: BoundContext): number {
  const state = (index: number | undefined) => tables.states[index ?? -1] as StateTable
  switch (op) {
    case OP.RECORD:
      return fieldCount(tables.types[a]) * GAS.perCell
    case OP.WITH:
      return fieldCount(top[1]) * GAS.perCell
    case OP.LIST:
      return b * GAS.perCell
    case OP.CONTAINS:
      return listMax(top[0]) >> GAS.perComparisonShift
    case OP.APPEND:
    case OP.WITHOUT_MEMBER:
      return listMax(top[1]) * GAS.perCell
    case OP.WITH_MEMBER:
      return (listMax(top[1]) >> GAS.perComparisonShift) + listMax(top[1]) * GAS.perCell
    case OP.REPLACE:
      return listMax(top[2]) * GAS.perCell
    case OP.GET:
      return bytesGas(stateBytesMax(state(a).value), GAS.perByteShift)
    case OP.PUT: {
      const { prefix, keyTypes, value } = state(a)
      return bytesGas(prefix.length + keyBytesMax(keyTypes) + stateBytesMax(value), GAS.perByteWrittenShift)
    }
    case OP.SCAN:
      return (tables.ranges[b]?.max ?? 0) * GAS.perEntry
    case OP.NEXT_ENTRY: {
      const range = tables.ranges[opener?.b ?? -1]
      return range?.values ? bytesGas(stateBytesMax(state(range.state).value), GAS.perByteShift) : 0
    }
    case OP.PACK:
      return bytesGas(packedBytesMax(tables.types[a] as Type), GAS.perByteShift)
    case OP.EMIT: {
      const fields = tables.events[a]?.fields ?? []
      return fields.reduce((sum, { type }) => sum + cellsMax(type) * GAS.perCellEmitted, 0)
    }
    default:
      return 0
  }
}

export interface Bounded {
  readonly instructions: readonly Instruction[]
  readonly bounds: readonly InstructionBound[]
}

/** The most that a call of the function uses. `callee` knows the same of what it calls. */
export function gasMaxOf({ instructions, bounds }: Bounded, callee: (instruction: Instruction) => number): number {
  const exits = loopExits(instructions)
  /** From an instruction to the end of its innermost loop, or of the function. */
  const rest = new Float64Array(instructions.length + 1)
  for (let at = instructions.length - 1; at >= 0; at--) {
    const instruction = instructions[at] as Instruction
    const { gas } = bounds[at] as InstructionBound
    const limit = exits[at] as number
    const from = (next: number): number => (next >= limit ? 0 : (rest[next] as number))
    const own = gas + callee(instruction)
    switch (instruction.op) {
      case OP.NEXT_ITEM:
      case OP.NEXT_INTEGER:
      case OP.NEXT_ENTRY:
        // Once more than its rounds: the last NEXT leaves.
        rest[at] =
          (bounds[at - 1] as InstructionBound).rounds * (own + (rest[at + 1] as number)) + own + from(instruction.b)
        break
      case OP.RETURN:
      case OP.REFUSE:
      case OP.REPEAT:
        rest[at] = own
        break
      case OP.JUMP:
        rest[at] = own + from(instruction.a)
        break
      case OP.JUMP_IF_FALSE:
      case OP.JUMP_IF_TRUE:
      case OP.AND:
      case OP.OR:
      case OP.SOME_OR:
        rest[at] = own + Math.max(from(at + 1), from(instruction.a))
        break
      default:
        rest[at] = own + from(at + 1)
    }
  }
  return rest[0] as number
}

/** For every instruction the first one behind its innermost loop; a NEXT belongs to the loop outside. */
function loopExits(instructions: readonly Instruction[]): Int32Array {
  const exits = new Int32Array(instructions.length)
  const open: number[] = []
  for (const [at, { op, b }] of instructions.entries()) {
    while (open.at(-1) === at) open.pop()
    exits[at] = open.at(-1) ?? instructions.length
    if (op === OP.NEXT_ITEM || op === OP.NEXT_INTEGER || op === OP.NEXT_ENTRY) open.push(b)
  }
  return exits
}
