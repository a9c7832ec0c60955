// A checked contract -> a module: collects the tables that its functions refer to, and writes both down.

import { AssertionError } from '../../types/assert.ts'
import { type Cell, valueFromCell } from '../vm/cell.ts'
import { encodeInstructions } from '../vm/instruction.ts'
import {
  type ConstantEntry,
  type EntryImport,
  type EntryPoint,
  encodeModule,
  type FunctionEntry,
  MODULE_FORMAT,
  type RangeEntry,
  type TypedName,
  type TypeEntry,
} from '../vm/module.ts'
import { type Field, type Type, typeText } from '../vm/type.ts'
import type { CheckedContract, CheckedFunction, EntrySymbol } from './checked.ts'
import { generate, type ModuleTables } from './codegen.ts'

export function emitModule(contract: CheckedContract): Uint8Array {
  const tables = new Tables(contract)
  const typed = ({ name, type }: Field): TypedName => ({ name, type: tables.type(type) })
  const states = contract.states.map(({ name, key, value, table }) => ({
    name,
    key: key.map(typed),
    value: tables.type(value),
    table,
  }))
  const events = contract.events.map(({ name, fields }) => ({ name, fields: fields.map(typed) }))
  const functions = contract.functions.map((checked) => emitFunction(checked, tables))
  const entries = contract.functions.flatMap((checked, index) => emitEntry(checked, index))
  return encodeModule({
    format: MODULE_FORMAT,
    name: contract.name,
    version: contract.version,
    uses: contract.uses,
    refusals: contract.refusals,
    types: tables.types.entries,
    imports: tables.imports.entries,
    abouts: tables.abouts.entries,
    constants: tables.constants.entries,
    ranges: tables.ranges.entries,
    states,
    events,
    functions,
    entries,
  })
}

function emitFunction(checked: CheckedFunction, tables: Tables): FunctionEntry {
  const { parameters, returns, locals } = checked
  return {
    name: checked.name,
    parameters: parameters.map(({ type }) => tables.type(type)),
    result: returns === null ? null : tables.type(returns),
    locals: locals.slice(parameters.length).map(({ type }) => tables.type(type)),
    code: encodeInstructions(generate(checked, tables)),
  }
}

function emitEntry({ kind, name, parameters, reveals, by }: CheckedFunction, index: number): EntryPoint[] {
  if (kind === 'function') return []
  return [{ kind, name, function: index, parameters: parameters.map((parameter) => parameter.name), reveals, by }]
}

/** Rows without duplicates, by a text that tells them apart. */
class Table<Row> {
  readonly entries: Row[] = []
  private readonly positions = new Map<string, number>()

  position(text: string, row: () => Row): number {
    const known = this.positions.get(text)
    if (known !== undefined) return known
    // The row first: making it may add rows that it refers to, which must come before it.
    const made = row()
    const position = this.entries.push(made) - 1
    this.positions.set(text, position)
    return position
  }
}

class Tables implements ModuleTables {
  readonly types = new Table<TypeEntry>()
  readonly constants = new Table<ConstantEntry>()
  readonly ranges = new Table<RangeEntry>()
  readonly abouts = new Table<string>()
  readonly imports = new Table<EntryImport>()
  private readonly refusals: ReadonlyMap<string, number>
  private readonly functions: ReadonlyMap<string, number>

  constructor({ refusals, functions }: CheckedContract) {
    this.refusals = new Map(refusals.map(({ code }, position) => [code, position]))
    this.functions = new Map(functions.map(({ name }, position) => [name, position]))
  }

  type(type: Type): number {
    return this.types.position(typeText(type), () => this.typeEntry(type))
  }

  private typeEntry(type: Type): TypeEntry {
    switch (type.kind) {
      case 'enum':
      case 'interval':
        return type
      case 'record':
        return {
          kind: 'record',
          name: type.name,
          fields: type.fields.map((field) => ({ name: field.name, type: this.type(field.type) })),
        }
      case 'list':
        return { kind: 'list', item: this.type(type.item), max: type.max }
      case 'optional':
        return { kind: 'optional', value: this.type(type.value) }
      default:
        return { kind: 'scalar', name: type.kind }
    }
  }

  constant(type: Type, cell: Cell): number {
    const position = this.type(type)
    return this.constants.position(`${position} ${JSON.stringify(cell)}`, () => ({
      type: position,
      value: valueFromCell(type, cell),
    }))
  }

  range(range: RangeEntry): number {
    return this.ranges.position(JSON.stringify(range), () => range)
  }

  refusal(code: string): number {
    return this.refusals.get(code) ?? missing(code)
  }

  about(name: string | null): number {
    return name === null ? 0 : this.abouts.position(name, () => name) + 1
  }

  import({ kind, contract, name, parameters, returns }: EntrySymbol): number {
    return this.imports.position(`${contract}.${name}`, () => ({
      kind,
      contract,
      name,
      parameters: parameters.map(({ type }) => this.type(type)),
      result: returns === null ? null : this.type(returns),
    }))
  }

  function(name: string): number {
    return this.functions.get(name) ?? missing(name)
  }
}

function missing(name: string): never {
  throw new AssertionError(`"${name}" was checked, but is in no table`)
}
