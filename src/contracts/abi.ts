// The interface of a contract as its callers see it, and the way between JSON and canonical values.

import { assertNever } from '../types/assert.ts'
import type { Value } from '../types/canonical-value.ts'
import type { ContractEvent } from '../types/receipt.ts'
import { cellFromValue, expectation, ValueError } from './vm/cell.ts'
import type { EntryKind } from './vm/module.ts'
import type { Program, Routine } from './vm/program.ts'
import type { Field, Type } from './vm/type.ts'

export type { EntryKind } from './vm/module.ts'
export type { Field, Type } from './vm/type.ts'

export interface AbiEntry {
  readonly kind: EntryKind
  readonly name: string
  readonly parameters: readonly Field[]
  readonly returns: Type | null
  /** Name of the parameter (an id) whose patient the answer says something about. */
  readonly reveals: string | null
  /** The only contract that may call this action; null: transactions call it. */
  readonly by: string | null
}

export interface AbiEvent {
  readonly name: string
  readonly fields: readonly Field[]
}

export interface AbiState {
  readonly name: string
  readonly key: readonly Field[]
  readonly value: Type
  /** Maps codes to what covers them; filters may read it. */
  readonly table: boolean
}

export interface Abi {
  readonly contract: string
  readonly version: number
  readonly uses: readonly string[]
  readonly entries: readonly AbiEntry[]
  readonly events: readonly AbiEvent[]
  readonly states: readonly AbiState[]
  readonly refusals: readonly { readonly code: string; readonly meaning: string }[]
}

export function abiOf({ module, routines, events, states }: Program): Abi {
  return {
    contract: module.name,
    version: module.version,
    uses: module.uses,
    entries: module.entries.map(({ kind, name, function: index, parameters, reveals, by }) => {
      const routine = routines[index] as Routine
      return {
        kind,
        name,
        parameters: parameters.map((parameter, i) => ({ name: parameter, type: routine.parameters[i] as Type })),
        returns: routine.result,
        reveals: reveals === null ? null : (parameters[reveals] as string),
        by,
      }
    }),
    events: events.map(({ name, fields }) => ({ name, fields })),
    states: states.map(({ name, keyTypes, value, isTable }, i) => ({
      name,
      key: keyTypes.map((type, part) => ({ name: module.states[i]?.key[part]?.name ?? `part${part}`, type })),
      value,
      table: isTable,
    })),
    refusals: module.refusals,
  }
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * UNKNOWN_METHOD     the contract has no such entry
 * MISSING_PARAMETER  a parameter has no value (one that may be none can be left out)
 * UNKNOWN_PARAMETER  a value for something that is no parameter
 * BAD_ARGUMENT       a value that its parameter does not accept
 */
export type AbiErrorCode = 'UNKNOWN_METHOD' | 'MISSING_PARAMETER' | 'UNKNOWN_PARAMETER' | 'BAD_ARGUMENT'

export class AbiError extends Error {
  override readonly name = 'AbiError'
  readonly code: AbiErrorCode
  /** Path of the parameter, such as `recipients[3]`; the method's name for UNKNOWN_METHOD. */
  readonly path: string
  constructor(code: AbiErrorCode, path: string, reason: string) {
    super(`${path}: ${reason}`)
    this.code = code
    this.path = path
  }
}

export function findEntry(abi: Abi, method: string): AbiEntry {
  const entry = abi.entries.find(({ name }) => name === method)
  if (entry !== undefined) return entry
  const known = abi.entries.map(({ name }) => name).join(', ')
  throw new AbiError('UNKNOWN_METHOD', `${abi.contract}.${method}`, `expected one of ${known}`)
}

/** Positional call arguments from named JSON. Throws AbiError naming the parameter; never repeats a value. */
export function argumentsFromJson(abi: Abi, method: string, named: Json): Value[] {
  const { parameters } = findEntry(abi, method)
  const names = parameters.map(({ name }) => name).join(', ') || 'no parameters'
  if (!isJsonObject(named)) throw new AbiError('BAD_ARGUMENT', method, `expected an object with ${names}`)
  for (const name of Object.keys(named)) {
    const known = parameters.some((parameter) => parameter.name === name)
    if (!known) throw new AbiError('UNKNOWN_PARAMETER', name.slice(0, 64), `${method} takes ${names}`)
  }
  return parameters.map(({ name, type }) => {
    const json = Object.hasOwn(named, name) ? named[name] : undefined
    if (json === undefined && type.kind !== 'optional') {
      throw new AbiError('MISSING_PARAMETER', name, `expected ${jsonExpectation(type)}`)
    }
    return valueFromJson(type, json ?? null, name)
  })
}

/** Throws AbiError BAD_ARGUMENT; `path` names what `json` is. */
export function valueFromJson(type: Type, json: Json, path: string): Value {
  const refused = () => new AbiError('BAD_ARGUMENT', path, `expected ${jsonExpectation(type)}`)
  switch (type.kind) {
    case 'id':
    case 'hash':
    case 'key':
      if (typeof json !== 'string' || !/^[0-9a-f]{64}$/.test(json)) throw refused()
      return Uint8Array.fromHex(json)
    case 'list':
      if (!Array.isArray(json) || json.length > type.max) throw refused()
      return json.map((item: Json, i) => valueFromJson(type.item, item, `${path}[${i}]`))
    case 'interval': {
      if (!isJsonObject(json) || Object.keys(json).some((key) => key !== 'from' && key !== 'to')) throw refused()
      const value = { from: (json.from ?? null) as Value, to: (json.to ?? null) as Value }
      return checkedValue(type, value, refused)
    }
    case 'record': {
      if (!isJsonObject(json)) throw refused()
      const unknown = Object.keys(json).some((key) => !type.fields.some(({ name }) => name === key))
      if (unknown) throw refused()
      const fields = type.fields.map(({ name, type: fieldType }): [string, Value] => {
        const field = Object.hasOwn(json, name) ? json[name] : undefined
        if (field === undefined && fieldType.kind !== 'optional') throw refused()
        return [name, valueFromJson(fieldType, field ?? null, `${path}.${name}`)]
      })
      return Object.fromEntries(fields)
    }
    case 'optional':
      return json === null ? null : valueFromJson(type.value, json, path)
    case 'int':
    case 'time':
    case 'duration':
    case 'bool':
    case 'code':
    case 'name':
    case 'enum':
      return checkedValue(type, json as Value, refused)
    default:
      return assertNever(type)
  }
}

function checkedValue(type: Type, value: Value, refused: () => AbiError): Value {
  try {
    cellFromValue(type, value, '')
    return value
  } catch (error) {
    if (error instanceof ValueError) throw refused()
    throw error
  }
}

/** Canonical value of a known type as JSON: 32-byte strings become hex. The value is trusted to be of the type. */
export function valueToJson(type: Type, value: Value): Json {
  switch (type.kind) {
    case 'id':
    case 'hash':
    case 'key':
      return (value as Uint8Array).toHex()
    case 'list':
      return (value as readonly Value[]).map((item) => valueToJson(type.item, item))
    case 'record': {
      const fields = value as { readonly [key: string]: Value }
      return Object.fromEntries(
        type.fields.map(({ name, type: fieldType }) => [name, valueToJson(fieldType, fields[name] ?? null)]),
      )
    }
    case 'optional':
      return value === null ? null : valueToJson(type.value, value)
    case 'int':
    case 'time':
    case 'duration':
    case 'bool':
    case 'code':
    case 'name':
    case 'enum':
    case 'interval':
      return value as Json
    default:
      return assertNever(type)
  }
}

/** The fields of an event of this contract, in the order declared. Trusted to be what the contract emitted. */
export function eventToJson({ events }: Abi, { name, fields }: Pick<ContractEvent, 'name' | 'fields'>): Json {
  const declared = events.find((event) => event.name === name)?.fields ?? []
  const named = fields as { readonly [field: string]: Value }
  return Object.fromEntries(declared.map(({ name: field, type }) => [field, valueToJson(type, named[field] ?? null)]))
}

function jsonExpectation(type: Type): string {
  if (type.kind === 'id' || type.kind === 'hash' || type.kind === 'key') return '64 lowercase hex characters (32 bytes)'
  return type.kind === 'optional' ? `null or ${jsonExpectation(type.value)}` : expectation(type)
}

function isJsonObject(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
