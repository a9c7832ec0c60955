// Decides whether bytes may become a contract. What passes runs without type checks: every instruction finds the types
// it expects, every index exists, every loop ends, no call is circular, no view writes. spec/clause.md, "Verification".

import type { Value } from '../../types/canonical-value.ts'
import { ContractError } from '../errors.ts'
import { type Cell, cellFromValue, ValueError } from './cell.ts'
import { stateKeyPrefix } from './key.ts'
import {
  type ConstantEntry,
  decodeModule,
  type EntryPoint,
  type Module,
  PARAMETERS_MAX,
  type RangeEntry,
  type TypedName,
  type TypeEntry,
} from './module.ts'
import type { Program, Routine } from './program.ts'
import {
  INTERVAL,
  isScalar,
  isTable,
  isWithinLimits,
  LIST_MAX,
  type Measure,
  measureOf,
  type Type,
  typeText,
} from './type.ts'
import { TypeInterner } from './type-interner.ts'
import { verifyFunction } from './verify-function.ts'

export const RANGE_MAX = 1_024

function invalid(where: string, reason: string): ContractError {
  return new ContractError('MODULE_INVALID', where, reason)
}

/** Throws ContractError and nothing else, whatever the bytes. */
export function verifyModule(bytes: Uint8Array): Program {
  const module = decodeModule(bytes)
  if (module.version < 1) throw invalid('version', 'expected 1 or more')
  const interner = new TypeInterner()
  const types = verifyTypes(module.types, interner)
  const resolve = (index: number, where: string): Type => {
    const type = types[index]
    if (type === undefined) throw invalid(where, `there is no type ${index}`)
    return type
  }
  verifyNames(module)
  for (const [i, entry] of module.imports.entries()) {
    const where = `imports[${i}]`
    if (!module.uses.includes(entry.contract)) throw invalid(where, `does not use ${entry.contract}`)
    for (const parameter of entry.parameters) resolve(parameter, where)
    if (entry.result !== null) resolve(entry.result, where)
  }
  const fields = (entries: readonly TypedName[], where: string) =>
    entries.map(({ name, type }) => ({ name, type: resolve(type, `${where}.${name}`) }))
  const states = module.states.map(({ name, key, value, table }) => ({
    name,
    prefix: stateKeyPrefix(module.name, name),
    keyTypes: fields(key, name).map(({ name: part, type }) => {
      if (!isScalar(type)) throw invalid(`${name}.${part}`, `a ${type.kind} is no part of a key`)
      return type
    }),
    value: notOptional(resolve(value, name), name),
    isTable: table,
  }))
  for (const { name, keyTypes, value, isTable: declared } of states) {
    if (declared && !isTable(keyTypes, value)) throw invalid(name, 'a table maps a code to at most 32 codes')
  }
  const program = {
    module,
    types,
    states,
    constants: module.constants.map((constant, i) => verifyConstant(constant, resolve, `constants[${i}]`)),
    events: module.events.map((event) => ({ name: event.name, fields: fields(event.fields, event.name) })),
    ranges: module.ranges,
  }
  for (const [i, range] of module.ranges.entries()) verifyRange(range, states, `ranges[${i}]`)
  const routines: Routine[] = []
  const context = { ...program, routines, interner, resolve }
  for (const entry of module.functions) routines.push(verifyFunction(entry, context))
  for (const entry of module.entries) verifyEntry(entry, routines)
  return { ...program, routines }
}

function verifyTypes(entries: readonly TypeEntry[], interner: TypeInterner): Type[] {
  const types: Type[] = []
  const measures: Measure[] = []
  const texts = new Set<string>()
  for (const [i, entry] of entries.entries()) {
    const where = `types[${i}]`
    const earlier = (index: number): Type => {
      const type = types[index]
      if (type === undefined) throw invalid(where, `type ${index} does not come before it`)
      return type
    }
    const parts = partsOf(entry).map((index) => {
      earlier(index)
      return measures[index] as Measure
    })
    const measure = measureOf(entry.kind === 'list' ? entry.max : 1, parts)
    if (!isWithinLimits(measure)) throw invalid(where, 'a value of it could be too large or too deep')
    const type = typeOf(entry, earlier, where)
    if (texts.has(typeText(type))) throw invalid(where, `${typeText(type)} stands twice in the table`)
    texts.add(typeText(type))
    types.push(interner.intern(type))
    measures.push(measure)
  }
  return types
}

function partsOf(entry: TypeEntry): readonly number[] {
  if (entry.kind === 'record') return entry.fields.map((field) => field.type)
  if (entry.kind === 'list') return [entry.item]
  return entry.kind === 'optional' ? [entry.value] : []
}

function typeOf(entry: TypeEntry, earlier: (index: number) => Type, where: string): Type {
  switch (entry.kind) {
    case 'scalar':
      return { kind: entry.name }
    case 'interval':
      return INTERVAL
    case 'enum':
      if (entry.members.length === 0) throw invalid(where, 'an enum has members')
      assertDistinct(entry.members, where)
      return entry
    case 'record': {
      if (entry.fields.length === 0) throw invalid(where, 'a record has fields')
      assertDistinct(
        entry.fields.map((field) => field.name),
        where,
      )
      const fields = entry.fields.map(({ name, type }) => ({ name, type: earlier(type) }))
      return { kind: 'record', name: entry.name, fields }
    }
    case 'list':
      if (entry.max < 1 || entry.max > LIST_MAX) throw invalid(where, `a list holds 1 to ${LIST_MAX} elements`)
      return { kind: 'list', item: earlier(entry.item), max: entry.max }
    case 'optional':
      return { kind: 'optional', value: notOptional(earlier(entry.value), where) }
  }
}

function notOptional(type: Type, where: string): Type {
  if (type.kind === 'optional') throw invalid(where, 'an optional value cannot be optional again')
  return type
}

function assertDistinct(names: readonly string[], where: string): void {
  if (new Set(names).size !== names.length) throw invalid(where, 'a name stands twice')
}

function verifyNames(module: Module): void {
  const named = (entries: readonly { readonly name: string }[]) => entries.map((entry) => entry.name)
  assertDistinct([module.name, ...module.uses], 'uses')
  assertDistinct(named(module.states), 'states')
  assertDistinct(named(module.events), 'events')
  assertDistinct(named(module.entries), 'entries')
  assertDistinct(
    module.refusals.map((refusal) => refusal.code),
    'refusals',
  )
  for (const event of module.events) assertDistinct(named(event.fields), event.name)
}

function verifyConstant(constant: ConstantEntry, resolve: (index: number, where: string) => Type, where: string): Cell {
  try {
    return cellFromValue(resolve(constant.type, where), constant.value as Value, where)
  } catch (error) {
    if (error instanceof ValueError) throw invalid(error.path, `expected ${error.expected}`)
    throw error
  }
}

function verifyRange(range: RangeEntry, states: Program['states'], where: string): void {
  const state = states[range.state]
  if (state === undefined) throw invalid(where, `there is no state ${range.state}`)
  if (range.prefix >= state.keyTypes.length) throw invalid(where, 'the prefix leaves no part of the key')
  if (range.prefix + range.start > state.keyTypes.length)
    throw invalid(where, 'starts with more parts than the key has')
  if (range.after && range.start === 0) throw invalid(where, 'starts after nothing')
  if (range.max < 1 || range.max > RANGE_MAX) throw invalid(where, `a range has 1 to ${RANGE_MAX} entries`)
}

function verifyEntry(entry: EntryPoint, routines: readonly Routine[]): void {
  const where = `${entry.kind} ${entry.name}`
  const routine = routines[entry.function]
  if (routine === undefined) throw invalid(where, `there is no function ${entry.function}`)
  if (routine.parameters.length !== entry.parameters.length || entry.parameters.length > PARAMETERS_MAX) {
    throw invalid(where, 'names and types of the parameters differ in number')
  }
  assertDistinct(entry.parameters, where)
  if (entry.by !== null && entry.kind !== 'action') throw invalid(where, 'only an action is granted to a contract')
  if (entry.kind === 'view' || entry.kind === 'filter') {
    if (routine.writes) throw invalid(where, `a ${entry.kind} writes`)
    if (routine.readsTransaction) throw invalid(where, `a ${entry.kind} reads the transaction`)
    if (routine.result === null) throw invalid(where, `a ${entry.kind} returns nothing`)
  }
  if (entry.kind === 'filter') {
    if (routine.readsChain) throw invalid(where, 'a filter reads the chain')
    if (entry.reveals !== null) throw invalid(where, 'a filter answers no query')
  }
  if (entry.reveals !== null && routine.parameters[entry.reveals]?.kind !== 'id') {
    throw invalid(where, 'reveals something that is no parameter of type id')
  }
}
