// Verified programs -> JavaScript functions, which the engine compiles on: several times the speed of interpreting, and of
// closures. What one instruction leaves on the stack becomes an operand of the next; what lies there when a block ends gets a
// variable. Gas is charged block by block. spec/clause.md, "Execution".

import type { Cell } from './cell.ts'
import { expressionOf, keyLength, operandCount } from './generate-value.ts'
import { type Instruction, OP, OPERATIONS } from './instruction.ts'
import type { Machine } from './machine.ts'
import type { Program, Routine } from './program.ts'
import { Refusal } from './refusal.ts'
import { RUNTIME } from './runtime.ts'

/** A routine as it runs. Throws Refusal. */
export type Code = (machine: Machine, ...parameters: readonly Cell[]) => Cell

/** What a program calls in other contracts. */
export interface ImportedCode {
  readonly routine: Routine
  readonly code: Code
}

/** Operands inside operands: bounds what the engine's parser has to take. */
const NESTING_MAX = 16

const NAMES = ['h', 'constants', 'types', 'states', 'ranges', 'events', 'imports', 'refusal', 'contract'] as const

/** By routine. */
export function generateCode(program: Program, imports: readonly ImportedCode[]): readonly Code[] {
  const imported = imports.map(({ routine }) => routine)
  const functions = program.routines.map((routine, i) => new FunctionWriter(routine, program, imported).write(i))
  const names = program.routines.map((_, i) => `f${i}`)
  const body = `'use strict'\n${functions.join('\n')}\nreturn [${names.join(', ')}]`
  const { module } = program
  const refusal = (code: number, about: number): Refusal =>
    new Refusal(module.refusals[code]?.code as string, about === 0 ? undefined : module.abouts[about - 1])
  const { constants, types, states, ranges, events } = program
  const codes = imports.map(({ code }) => code)
  // The text is made of operators, numbers and names from this file: nothing in it comes from a module.
  const make = new Function(...NAMES, body)
  return make(RUNTIME, constants, types, states, ranges, events, codes, refusal, module.name) as Code[]
}

/** Variables that a routine takes on the engine's stack. */
export function frameSizeOf({ localCount, stackMax, slotCount }: Routine): number {
  return localCount + stackMax + 3 * slotCount
}

interface Entry {
  readonly text: string
  readonly nesting: number
}

class FunctionWriter {
  private readonly routine: Routine
  private readonly program: Program
  private readonly imports: readonly Routine[]
  /** By instruction: the block that starts there. */
  private readonly blockAt: ReadonlyMap<number, number>
  /** How deep the stack is where a jump leads. */
  private readonly depths = new Map<number, number>()
  private readonly lines: string[] = []
  private stack: Entry[] = []
  private block: string[] = []
  private gas = 0

  constructor(routine: Routine, program: Program, imports: readonly Routine[]) {
    this.routine = routine
    this.program = program
    this.imports = imports
    this.blockAt = blockStarts(routine.instructions)
  }

  write(index: number): string {
    const { instructions, localCount, stackMax, slotCount, parameters } = this.routine
    let at = 0
    this.beginBlock(0)
    for (const instruction of instructions) {
      if (at > 0 && this.blockAt.has(at)) {
        if (this.falls) this.fallTo(at)
        this.endBlock()
        this.beginBlock(at)
      }
      this.falls = true
      this.gas += OPERATIONS[instruction.op]?.gas ?? 0
      this.instruction(instruction, at++)
    }
    this.endBlock()
    const named = (prefix: string, count: number, from = 0) =>
      Array.from({ length: count }, (_, i) => `${prefix}${from + i}`)
    const variables = [
      ...named('l', localCount - parameters.length, parameters.length),
      ...['s', 'i', 'c', 'e'].flatMap((prefix) => named(prefix, prefix === 's' ? stackMax : slotCount)),
    ].map((name) => `${name} = null`)
    const head = `function f${index}(${['m', ...named('l', parameters.length)].join(', ')}) {`
    const declared = ['at = 0', ...variables].join(', ')
    return `${head}\nlet ${declared}\nfor (;;) switch (at) {\n${this.lines.join('\n')}\n}\n}`
  }

  /** Whether what follows is reached from the instruction that was written last. */
  private falls = true

  // ── the stack ──

  private push(text: string, operands: readonly Entry[] = []): void {
    const nesting = 1 + operands.reduce((most, operand) => Math.max(most, operand.nesting), 0)
    this.stack.push({ text, nesting })
    if (nesting >= NESTING_MAX) this.spill()
  }

  private pop(count: number): Entry[] {
    return this.stack.splice(this.stack.length - count, count)
  }

  /** Everything that lies on the stack is computed now, in order, before what comes next. */
  private spill(): void {
    for (const [depth, { text }] of this.stack.entries()) {
      const place = `s${depth}`
      if (text === place) continue
      this.block.push(`${place} = ${text}`)
      this.stack[depth] = { text: place, nesting: 0 }
    }
  }

  /** A statement that comes after all that lies below its operands. */
  private statement(count: number, write: (operands: readonly string[]) => string): void {
    const operands = this.pop(count).map(({ text }) => text)
    this.spill()
    this.block.push(write(operands))
  }

  // ── blocks ──

  private beginBlock(at: number): void {
    this.stack = Array.from({ length: this.depths.get(at) ?? 0 }, (_, i) => ({ text: `s${i}`, nesting: 0 }))
    this.block = []
    this.gas = 0
    this.lines.push(`case ${this.blockAt.get(at)}:`)
  }

  private endBlock(): void {
    // Each ends itself: a line that starts with a parenthesis must not become a call of the one before.
    this.lines.push(`if ((m.gas -= ${this.gas}) < 0) h.outOfGas();`, ...this.block.map((line) => `${line};`))
  }

  private fallTo(at: number): void {
    this.spill()
    this.depths.set(at, this.stack.length)
  }

  /** Notes how deep the stack is at the target. */
  private jumpTo(at: number): string {
    this.depths.set(at, this.stack.length)
    return `{ at = ${this.blockAt.get(at)}; continue }`
  }

  // ── instructions ──

  private instruction(instruction: Instruction, at: number): void {
    const { op, a, b } = instruction
    switch (op) {
      case OP.JUMP:
      case OP.REPEAT:
        this.spill()
        this.block.push(this.jumpTo(a))
        this.falls = false
        return
      case OP.JUMP_IF_FALSE:
      case OP.JUMP_IF_TRUE:
        this.statement(1, ([x]) => `if (${x} === ${op === OP.JUMP_IF_TRUE}) ${this.jumpTo(a)}`)
        return
      case OP.AND:
      case OP.OR:
      case OP.SOME_OR: {
        this.spill()
        const place = `s${this.stack.length - 1}`
        const jumps = op === OP.SOME_OR ? `${place} !== null` : `${place} === ${op === OP.OR}`
        // The value stays for who jumps, and is taken off for who goes on.
        this.block.push(`if (${jumps}) ${this.jumpTo(a)}`)
        this.pop(1)
        return
      }
      case OP.EACH:
        this.statement(1, ([x]) => `i${a} = ${x}; c${a} = 0`)
        return
      case OP.COUNT:
        this.statement(2, ([x, y]) => `c${a} = ${x}; e${a} = ${y}; if (e${a} - c${a} > ${b}) h.tooLarge()`)
        return
      case OP.SCAN: {
        const state = this.range(b).state
        this.statement(operandCount(instruction, this.program, this.imports), (x) => {
          return `i${a} = h.scan(m, states[${state}], ranges[${b}], [${x.join(', ')}]); c${a} = 0`
        })
        return
      }
      case OP.NEXT_ITEM:
      case OP.NEXT_INTEGER:
      case OP.NEXT_ENTRY:
        this.next(instruction, this.routine.instructions[at - 1] as Instruction)
        return
      case OP.RETURN: {
        const [result] = this.routine.result === null ? [] : this.pop(1)
        this.spill()
        this.block.push(`return ${result?.text ?? 'null'}`)
        this.falls = false
        return
      }
      case OP.REFUSE:
        this.spill()
        this.block.push(`throw refusal(${a}, ${b})`)
        this.falls = false
        return
      default:
        this.straight(instruction)
    }
  }

  private next({ op, a, b }: Instruction, opener: Instruction): void {
    this.spill()
    const isOver =
      op === OP.NEXT_INTEGER ? `c${a} >= e${a}` : `c${a} === i${a}${op === OP.NEXT_ITEM ? '' : '.entries'}.length`
    this.block.push(`if (${isOver}) ${this.jumpTo(b)}`)
    const value = `s${this.stack.length}`
    if (op === OP.NEXT_ITEM) this.block.push(`${value} = i${a}[c${a}++]`)
    else if (op === OP.NEXT_INTEGER) this.block.push(`${value} = c${a}++`)
    if (op !== OP.NEXT_ENTRY) {
      this.push(value)
      return
    }
    const { state, prefix, values } = this.range(opener.b)
    // What the entry holds is read in one call, then taken apart.
    this.block.push(`e${a} = h.entry(m, states[${state}], ranges[${opener.b}], i${a}, c${a}++)`)
    const count = keyLength(this.program, state) - prefix + (values ? 1 : 0)
    for (let i = 0; i < count; i++) {
      const place = `s${this.stack.length}`
      this.block.push(`${place} = e${a}[${i}]`)
      this.push(place)
    }
  }

  /** What neither jumps nor ends. */
  private straight(instruction: Instruction): void {
    const { op, a, b } = instruction
    const { program } = this
    const count = operandCount(instruction, program, this.imports)
    switch (op) {
      case OP.SET_LOCAL:
        this.statement(count, ([x]) => `l${a} = ${x}`)
        return
      case OP.POP:
        this.statement(count, ([x]) => `${x}`)
        return
      case OP.REQUIRE:
        this.statement(count, ([x]) => `if (${x} === false) throw refusal(${a}, ${b})`)
        return
      case OP.PUT:
        this.statement(count, (x) => `h.put(m, states[${a}], [${x.join(', ')}])`)
        return
      case OP.DELETE:
        this.statement(count, (x) => `h.delete(m, states[${a}], [${x.join(', ')}])`)
        return
      case OP.EMIT:
        this.statement(count, (x) => `m.emit(contract, events[${a}], [${x.join(', ')}])`)
        return
      case OP.CALL:
      case OP.CALL_VIEW:
      case OP.CALL_ACTION: {
        const callee = (op === OP.CALL ? program.routines[a] : this.imports[a]) as Routine
        if (callee.result === null) {
          this.statement(count, (x) => expressionOf(instruction, x, program))
          return
        }
        break
      }
    }
    const operands = this.pop(count)
    const texts = operands.map(({ text }) => text)
    this.push(expressionOf(instruction, texts, program), operands)
  }

  private range(index: number): Program['ranges'][number] {
    return this.program.ranges[index] as Program['ranges'][number]
  }
}

/** The first instruction, targets of jumps, and what stands behind an instruction that may go elsewhere. */
function blockStarts(instructions: readonly Instruction[]): Map<number, number> {
  const starts = new Set([0])
  for (const [at, { op, a, b }] of instructions.entries()) {
    const target = OPERATIONS[op]?.operands.indexOf('target') ?? -1
    // A NEXT starts a block, too: its loop comes back to it.
    if (target === 1) starts.add(at)
    if (target >= 0) starts.add(target === 0 ? a : b)
    if (target >= 0 || op === OP.RETURN || op === OP.REFUSE) starts.add(at + 1)
  }
  starts.delete(instructions.length)
  return new Map([...starts].sort((a, b) => a - b).map((at, block) => [at, block]))
}
