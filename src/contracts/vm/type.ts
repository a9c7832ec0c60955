// The types of Clause as compiler, verifier, machine and interface share them. spec/clause.md, "Types".

import { assertNever } from '../../types/assert.ts'

export const SCALARS = ['int', 'bool', 'time', 'duration', 'id', 'hash', 'key', 'code', 'name'] as const
export type ScalarKind = (typeof SCALARS)[number]

/** Times from the first, and before the last; either end may be open. Never empty. */
export interface IntervalType {
  readonly kind: 'interval'
}
export interface ScalarType {
  readonly kind: ScalarKind
}
/** `name` is qualified: `consent.Status`. */
export interface EnumType {
  readonly kind: 'enum'
  readonly name: string
  readonly members: readonly string[]
}
export interface Field {
  readonly name: string
  readonly type: Type
}
/** `name` is qualified: `consent.Consent`. */
export interface RecordType {
  readonly kind: 'record'
  readonly name: string
  readonly fields: readonly Field[]
}
export interface ListType {
  readonly kind: 'list'
  readonly item: Type
  readonly max: number
}
export interface OptionalType {
  readonly kind: 'optional'
  readonly value: Type
}
export type Type = ScalarType | IntervalType | EnumType | RecordType | ListType | OptionalType

export const INT: ScalarType = { kind: 'int' }
export const BOOL: ScalarType = { kind: 'bool' }
export const TIME: ScalarType = { kind: 'time' }
export const DURATION: ScalarType = { kind: 'duration' }
export const ID: ScalarType = { kind: 'id' }
export const HASH: ScalarType = { kind: 'hash' }
export const KEY: ScalarType = { kind: 'key' }
export const CODE: ScalarType = { kind: 'code' }
export const NAME: ScalarType = { kind: 'name' }

export const INTERVAL: IntervalType = { kind: 'interval' }
/** What `i.from` and `i.to` are. */
export const INTERVAL_END: OptionalType = { kind: 'optional', value: TIME }
export const INTERVAL_ENDS: readonly string[] = ['from', 'to']

export const LIST_MAX = 1_024
export const ENUM_MEMBERS_MAX = 256
export const RECORD_FIELDS_MAX = 64

/** Scalars that the largest value of a type may hold: bounds the memory of every value. */
export const TYPE_SCALARS_MAX = 262_144
/** Below VALUE_DEPTH_MAX, so that every value fits into a receipt with its surroundings. */
export const TYPE_DEPTH_MAX = 10

export interface Measure {
  readonly scalars: number
  readonly depth: number
}

/** How large and how deep a value of a type can be, from the measures of its parts. */
export function measureOf(times: number, parts: readonly Measure[]): Measure {
  return {
    scalars: 1 + times * parts.reduce((sum, part) => sum + part.scalars, 0),
    depth: 1 + parts.reduce((most, part) => Math.max(most, part.depth), 0),
  }
}

export function isWithinLimits({ scalars, depth }: Measure): boolean {
  return scalars <= TYPE_SCALARS_MAX && depth <= TYPE_DEPTH_MAX
}

/** Scalars are compared with ==, stand in keys and are members of lists. */
export function isScalar(type: Type): type is ScalarType | EnumType {
  return type.kind !== 'interval' && type.kind !== 'record' && type.kind !== 'list' && type.kind !== 'optional'
}

/** Types that the machine holds as numbers with an order; members of an enum ascend as they were declared. */
export function isOrdered(type: Type): boolean {
  return type.kind === 'int' || type.kind === 'time' || type.kind === 'duration' || type.kind === 'enum'
}

/** Codes that may cover one code: bounds what one COVERS looks through. */
export const TABLE_WIDTH_MAX = 32

/** A table maps a code, the last part of its key, to the codes that cover it. */
export function isTable(keyTypes: readonly Type[], value: Type): boolean {
  const isList = value.kind === 'list' && value.item.kind === 'code' && value.max <= TABLE_WIDTH_MAX
  return isList && keyTypes.at(-1)?.kind === 'code'
}

/** As written in Clause; enums and records by their qualified name, so equal text means the same type. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'enum':
    case 'record':
      return type.name
    case 'list':
      return `list<${typeText(type.item)}, ${type.max}>`
    case 'optional':
      return `${typeText(type.value)}?`
    case 'int':
    case 'bool':
    case 'time':
    case 'duration':
    case 'id':
    case 'hash':
    case 'key':
    case 'code':
    case 'name':
    case 'interval':
      return type.kind
    default:
      return assertNever(type)
  }
}

export function sameType(a: Type, b: Type): boolean {
  return a === b || typeText(a) === typeText(b)
}
