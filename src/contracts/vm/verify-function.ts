// Verifies one function in one pass over its instructions: jumps only lead forward, except REPEAT, which closes the
// innermost loop; so when an instruction is reached, every way that leads to it has been seen. What is tracked is the
// type of every value on the stack and which locals are set.

import { ContractError } from '../errors.ts'
import { applyInstruction } from './apply-instruction.ts'
import { boundOf, type InstructionBound } from './gas-bound.ts'
import { decodeInstructions, type Instruction, OP, OPERATIONS } from './instruction.ts'
import { type FunctionEntry, LOCALS_MAX } from './module.ts'
import { CALL_DEPTH_MAX, type Routine } from './program.ts'
import { StackModel, type StackTables } from './stack-model.ts'
import type { Type } from './type.ts'

/** Loops inside each other. */
const NESTED_LOOPS_MAX = 16

interface Loop {
  /** The NEXT instruction, and the instruction behind the loop. */
  readonly next: number
  readonly exit: number
  /** As it is whenever NEXT is reached. */
  readonly stack: StackModel
}

export interface VerifyContext extends StackTables {
  readonly resolve: (index: number, where: string) => Type
}

/** Throws ContractError. */
export function verifyFunction(entry: FunctionEntry, context: VerifyContext): Routine {
  const where = `function ${entry.name}`
  const instructions = decodeInstructions(entry.code, where)
  const parameters = entry.parameters.map((type) => context.resolve(type, where))
  const result = entry.result === null ? null : context.resolve(entry.result, where)
  const locals = [...parameters, ...entry.locals.map((type) => context.resolve(type, where))]
  if (locals.length > LOCALS_MAX) throw new ContractError('MODULE_INVALID', where, `more than ${LOCALS_MAX} locals`)

  const arrivals: (StackModel | undefined)[] = new Array(instructions.length)
  const loops: Loop[] = []
  const totals = { stackMax: 0, slotCount: 0, callDepth: 1, writes: false, readsTransaction: false, readsChain: false }
  const bounds: InstructionBound[] = []
  let stack: StackModel | null = new StackModel({ locals, parameterCount: parameters.length, result }, context)

  for (const [at, instruction] of instructions.entries()) {
    while (loops.at(-1)?.exit === at) loops.pop()
    const arrival = arrivals[at]
    const invalid = (reason: string) =>
      new ContractError('MODULE_INVALID', `${where}: instruction ${at} (${OPERATIONS[instruction.op]?.name})`, reason)
    arrivals[at] = undefined
    if (stack === null) stack = arrival ?? null
    else if (arrival !== undefined) stack.merge(arrival, invalid)
    if (stack === null) throw invalid('is never reached')

    const top = stack.top()

    const jump = (target: number, leaving: StackModel): void => {
      const limit = loops.at(-1)?.exit ?? instructions.length - 1
      if (target <= at || target > limit) throw invalid(`jumps to ${target}, out of its block`)
      if (target >= instructions.length) throw invalid('jumps behind the end')
      const known = arrivals[target]
      if (known === undefined) arrivals[target] = leaving.copy()
      else known.merge(leaving, invalid)
    }

    switch (instruction.op) {
      case OP.EACH:
      case OP.COUNT:
      case OP.SCAN:
        if (instruction.a !== loops.length) throw invalid(`uses slot ${instruction.a} at depth ${loops.length}`)
        if (loops.length === NESTED_LOOPS_MAX) throw invalid(`more than ${NESTED_LOOPS_MAX} loops inside each other`)
        if (instructions[at + 1]?.op !== instruction.op + 1) throw invalid('is not followed by its loop')
        totals.slotCount = Math.max(totals.slotCount, loops.length + 1)
        applyInstruction(stack, instruction, invalid)
        break
      case OP.NEXT_ITEM:
      case OP.NEXT_INTEGER:
      case OP.NEXT_ENTRY: {
        const opener = instructions[at - 1]
        if (opener?.op !== instruction.op - 1 || opener.a !== instruction.a) throw invalid('is not opened before')
        if (arrival !== undefined) throw invalid('a jump leads past its opener')
        const { b: exit } = instruction
        if (exit <= at || exit >= instructions.length) throw invalid(`leaves to ${exit}`)
        for (let inside = at + 1; inside < exit; inside++) {
          if (arrivals[inside] !== undefined) throw invalid(`a jump leads into the loop, to ${inside}`)
        }
        jump(exit, stack)
        loops.push({ next: at, exit, stack: stack.copy() })
        stack.pushIterated(invalid)
        break
      }
      case OP.REPEAT: {
        const loop = loops.at(-1)
        if (loop === undefined || loop.next !== instruction.a) throw invalid('does not repeat the innermost loop')
        loop.stack.assertSame(stack, invalid)
        stack = null
        break
      }
      case OP.JUMP:
        jump(instruction.a, stack)
        stack = null
        break
      case OP.JUMP_IF_FALSE:
      case OP.JUMP_IF_TRUE:
        applyInstruction(stack, instruction, invalid)
        jump(instruction.a, stack)
        break
      case OP.AND:
      case OP.OR:
        stack.assertTop('bool', invalid)
        jump(instruction.a, stack)
        applyInstruction(stack, instruction, invalid)
        break
      case OP.SOME_OR:
        jump(instruction.a, stack.unwrapped(invalid))
        applyInstruction(stack, instruction, invalid)
        break
      case OP.RETURN:
      case OP.REFUSE:
        applyInstruction(stack, instruction, invalid)
        stack = null
        break
      default:
        applyInstruction(stack, instruction, invalid)
    }
    totals.stackMax = Math.max(totals.stackMax, stack?.depthMax ?? 0)
    bounds.push(boundOf(instruction, { tables: context, top, opener: instructions[at - 1] }))
    noteEffects(instruction, context, totals)
  }
  if (stack !== null) throw new ContractError('MODULE_INVALID', where, 'runs behind its end')
  if (totals.callDepth > CALL_DEPTH_MAX) {
    throw new ContractError('MODULE_INVALID', where, `more than ${CALL_DEPTH_MAX} calls inside each other`)
  }
  return {
    name: entry.name,
    parameters,
    result,
    localCount: locals.length,
    ...totals,
    instructions,
    bounds,
  }
}

function noteEffects(
  { op, a, b }: Instruction,
  { routines, states, ranges, module }: StackTables,
  totals: { callDepth: number; writes: boolean; readsTransaction: boolean; readsChain: boolean },
): void {
  if (op === OP.NOW || op === OP.HEIGHT || op === OP.EPOCH) totals.readsChain = true
  if (op === OP.GET || op === OP.HAS) totals.readsChain ||= states[a]?.isTable !== true
  if (op === OP.SCAN) totals.readsChain ||= states[ranges[b]?.state ?? -1]?.isTable !== true
  if (op === OP.CALL_VIEW) totals.readsChain ||= module.imports[a]?.kind !== 'filter'
  if (op === OP.PUT || op === OP.DELETE || op === OP.EMIT) totals.writes = true
  if (op === OP.SENDER || op === OP.TRANSACTION || op === OP.CALL_INDEX || op === OP.DERIVE_ID) {
    totals.readsTransaction = true
  }
  if (op === OP.CALL_ACTION) {
    totals.writes = true
    totals.readsTransaction = true
  }
  if (op === OP.CALL) {
    totals.writes ||= routines[a]?.writes === true
    totals.readsTransaction ||= routines[a]?.readsTransaction === true
    totals.readsChain ||= routines[a]?.readsChain === true
    totals.callDepth = Math.max(totals.callDepth, 1 + (routines[a]?.callDepth ?? 0))
  }
}
