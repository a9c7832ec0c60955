// The interface of a contract as its callers see it, and the way between JSON and canonical values.

import type { Value } from '../types/canonical.ts'
import type { Field, Type } from './vm/type.ts'

export type EntryKind = 'genesis action' | 'action' | 'view'

export interface AbiEntry {
  readonly kind: EntryKind
  readonly name: string
  readonly parameters: readonly Field[]
  readonly returns: Type | null
  /** Name of the parameter (an id) whose patient the answer says something about. */
  readonly reveals: string | null
}

export interface AbiEvent {
  readonly name: string
  readonly fields: readonly Field[]
}

export interface Abi {
  readonly contract: string
  readonly version: number
  readonly uses: readonly string[]
  readonly entries: readonly AbiEntry[]
  readonly events: readonly AbiEvent[]
  readonly refusals: readonly { readonly code: string; readonly meaning: string }[]
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Positional call arguments from named JSON. Throws AbiError naming the parameter; never repeats a value. */
export declare function argumentsFromJson(abi: Abi, method: string, named: Json): Value[]

/** Canonical value of a known type as JSON: 32-byte strings become hex. */
export declare function valueToJson(type: Type, value: Value): Json
