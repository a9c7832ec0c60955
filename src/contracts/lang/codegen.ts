// Checked functions -> instructions. Jumps lead forward to labels; a loop is its opener, NEXT, the body, REPEAT.

import { assertNever } from '../../types/assert.ts'
import type { Cell } from '../vm/cell.ts'
import { type Instruction, OP, type Opcode } from '../vm/instruction.ts'
import type { RangeEntry } from '../vm/module.ts'
import { BOOL, type Type } from '../vm/type.ts'
import type {
  Checked,
  CheckedBlock,
  CheckedFunction,
  CheckedRefusal,
  CheckedStatement,
  EntrySymbol,
  Local,
} from './checked.ts'

/** Indexes into the tables of the module that is being made. */
export interface ModuleTables {
  type(type: Type): number
  constant(type: Type, cell: Cell): number
  range(range: RangeEntry): number
  refusal(code: string): number
  /** 1 and up; 0 for none. */
  about(name: string | null): number
  import(entry: EntrySymbol): number
  function(name: string): number
}

/** A place that is not known yet; jumps to it are filled in when it is placed. */
type Label = { readonly jumps: { readonly at: number; readonly operand: 'a' | 'b' }[] }

interface Loop {
  readonly next: number
  readonly exit: Label
}

export function generate(checked: CheckedFunction, tables: ModuleTables): Instruction[] {
  const generator = new Generator(tables)
  generator.block(checked.body)
  if (checked.body.completes) generator.emit(OP.RETURN)
  return generator.instructions
}

class Generator {
  readonly instructions: { op: Opcode; a: number; b: number }[] = []
  private readonly tables: ModuleTables
  private readonly loops: Loop[] = []

  constructor(tables: ModuleTables) {
    this.tables = tables
  }

  emit(op: Opcode, a = 0, b = 0): void {
    this.instructions.push({ op, a, b })
  }

  private jump(op: Opcode, label: Label): void {
    label.jumps.push({ at: this.instructions.length, operand: 'a' })
    this.emit(op)
  }

  private place(label: Label): void {
    for (const { at, operand } of label.jumps) {
      const instruction = this.instructions[at]
      if (instruction !== undefined) instruction[operand] = this.instructions.length
    }
  }

  // ── statements ──

  block(block: CheckedBlock): void {
    for (const statement of block.statements) this.statement(statement)
  }

  private statement(statement: CheckedStatement): void {
    switch (statement.kind) {
      case 'set':
        this.expression(statement.value)
        this.emit(OP.SET_LOCAL, statement.local.index)
        return
      case 'put':
        this.expressions([...statement.keys, statement.value])
        this.emit(OP.PUT, statement.state)
        return
      case 'delete':
        this.expressions(statement.keys)
        this.emit(OP.DELETE, statement.state)
        return
      case 'if':
        this.branches(statement.branches, statement.otherwise)
        return
      case 'match':
        this.expression(statement.value)
        this.emit(OP.SET_LOCAL, statement.local.index)
        this.branches(statement.cases, statement.otherwise)
        return
      case 'forList':
        this.expression(statement.list)
        this.loop(OP.EACH, { variables: [statement.variable], body: statement.body })
        return
      case 'forRange':
        this.expressions([statement.from, statement.to])
        this.loop(OP.COUNT, { variables: [statement.variable], body: statement.body, operand: statement.max })
        return
      case 'forEntries': {
        this.expressions(statement.operands)
        const operand = this.tables.range(statement.range)
        this.loop(OP.SCAN, { variables: statement.variables, body: statement.body, operand })
        return
      }
      case 'require':
        this.expression(statement.condition)
        this.refusal(OP.REQUIRE, statement.refusal)
        return
      case 'refuse':
        this.refusal(OP.REFUSE, statement.refusal)
        return
      case 'emit':
        this.expressions(statement.fields)
        this.emit(OP.EMIT, statement.event)
        return
      case 'return':
        if (statement.value !== null) this.expression(statement.value)
        this.emit(OP.RETURN)
        return
      case 'break':
        this.jump(OP.JUMP, this.innermostLoop().exit)
        return
      case 'continue':
        this.emit(OP.REPEAT, this.innermostLoop().next)
        return
      case 'call':
        this.expression(statement.call)
        if (statement.hasResult) this.emit(OP.POP)
        return
      default:
        assertNever(statement)
        return
    }
  }

  private innermostLoop(): Loop {
    const loop = this.loops.at(-1)
    if (loop === undefined) throw new RangeError('break and continue stand in loops')
    return loop
  }

  private refusal(op: Opcode, { code, about }: CheckedRefusal): void {
    this.emit(op, this.tables.refusal(code), this.tables.about(about))
  }

  private branches(
    branches: readonly { readonly condition: Checked; readonly body: CheckedBlock }[],
    otherwise: CheckedBlock | null,
  ): void {
    const end: Label = { jumps: [] }
    for (const [i, { condition, body }] of branches.entries()) {
      const next: Label = { jumps: [] }
      this.expression(condition)
      this.jump(OP.JUMP_IF_FALSE, next)
      this.block(body)
      const isLast = i === branches.length - 1 && otherwise === null
      if (body.completes && !isLast) this.jump(OP.JUMP, end)
      this.place(next)
    }
    if (otherwise !== null) this.block(otherwise)
    this.place(end)
  }

  /** NEXT_* is the opcode behind its opener. */
  private loop(
    opener: typeof OP.EACH | typeof OP.COUNT | typeof OP.SCAN,
    parts: { readonly variables: readonly Local[]; readonly body: CheckedBlock; readonly operand?: number },
  ): void {
    const exit = this.openLoop(opener, parts.operand)
    for (const local of parts.variables.toReversed()) this.emit(OP.SET_LOCAL, local.index)
    this.block(parts.body)
    if (parts.body.completes) this.emit(OP.REPEAT, this.innermostLoop().next)
    this.loops.pop()
    this.place(exit)
  }

  private openLoop(opener: typeof OP.EACH | typeof OP.COUNT | typeof OP.SCAN, operand = 0): Label {
    const slot = this.loops.length
    const exit: Label = { jumps: [] }
    this.emit(opener, slot, operand)
    const next = this.instructions.length
    exit.jumps.push({ at: next, operand: 'b' })
    this.emit((opener + 1) as Opcode, slot)
    this.loops.push({ next, exit })
    return exit
  }

  // ── expressions ──

  private expressions(all: readonly Checked[]): void {
    for (const each of all) this.expression(each)
  }

  private expression(checked: Checked): void {
    const { tables } = this
    switch (checked.kind) {
      case 'constant':
        this.emit(OP.CONSTANT, tables.constant(checked.type, checked.cell))
        return
      case 'none':
        this.emit(OP.NONE, tables.type(checked.type))
        return
      case 'local':
        this.emit(OP.LOCAL, checked.local.index)
        return
      case 'operation':
        this.expressions(checked.operands)
        this.emit(checked.op, typeof checked.a === 'number' ? checked.a : tables.type(checked.a))
        return
      case 'list':
        this.expressions(checked.items)
        this.emit(OP.LIST, tables.type(checked.type), checked.items.length)
        return
      case 'logical': {
        const end: Label = { jumps: [] }
        this.expression(checked.left)
        this.jump(checked.operator === 'and' ? OP.AND : OP.OR, end)
        this.expression(checked.right)
        this.place(end)
        return
      }
      case 'else':
        this.elseValue(checked)
        return
      case 'elseRefuse': {
        const end: Label = { jumps: [] }
        this.expression(checked.value)
        this.jump(OP.SOME_OR, end)
        this.refusal(OP.REFUSE, checked.refusal)
        this.place(end)
        return
      }
      case 'if': {
        const otherwise: Label = { jumps: [] }
        const end: Label = { jumps: [] }
        this.expression(checked.condition)
        this.jump(OP.JUMP_IF_FALSE, otherwise)
        this.expression(checked.whenTrue)
        this.jump(OP.JUMP, end)
        this.place(otherwise)
        this.expression(checked.whenFalse)
        this.place(end)
        return
      }
      case 'quantifier':
        this.quantifier(checked)
        return
      case 'call':
        this.expressions(checked.operands)
        this.emit(OP.CALL, tables.function(checked.function))
        return
      case 'import':
        this.expressions(checked.operands)
        this.emit(checked.entry.kind === 'action' ? OP.CALL_ACTION : OP.CALL_VIEW, tables.import(checked.entry))
        return
      default:
        assertNever(checked)
        return
    }
  }

  private elseValue(checked: Checked & { kind: 'else' }): void {
    const some: Label = { jumps: [] }
    const end: Label = { jumps: [] }
    this.expression(checked.value)
    this.jump(OP.SOME_OR, some)
    this.expression(checked.otherwise)
    if (checked.type.kind === 'optional') {
      this.jump(OP.JUMP, end)
      this.place(some)
      this.emit(OP.WIDEN, this.tables.type(checked.type))
      this.place(end)
    } else this.place(some)
  }

  /** `any` starts false and becomes true at the first hit; `all` the other way round. */
  private quantifier({ quantifier, list, variable, result, condition }: Checked & { kind: 'quantifier' }): void {
    const found = quantifier === 'any'
    const goOn: Label = { jumps: [] }
    this.setConstant(result, !found)
    this.expression(list)
    const exit = this.openLoop(OP.EACH)
    this.emit(OP.SET_LOCAL, variable.index)
    this.expression(condition)
    this.jump(found ? OP.JUMP_IF_FALSE : OP.JUMP_IF_TRUE, goOn)
    this.setConstant(result, found)
    this.jump(OP.JUMP, exit)
    this.place(goOn)
    this.emit(OP.REPEAT, this.innermostLoop().next)
    this.loops.pop()
    this.place(exit)
    this.emit(OP.LOCAL, result.index)
  }

  private setConstant(local: Local, cell: boolean): void {
    this.emit(OP.CONSTANT, this.tables.constant(BOOL, cell))
    this.emit(OP.SET_LOCAL, local.index)
  }
}
