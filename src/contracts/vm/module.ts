// A module: what a compiled contract is on the wire. One canonical byte string; every table refers to others by index,
// types and functions only to earlier ones, so neither can be circular. spec/clause.md, "Bytecode".

import {
  boolean,
  bytes,
  type Codec,
  fromBytes,
  list,
  literal,
  oneOf,
  optional,
  record,
  text,
  toBytes,
  uint,
  union,
} from '../../types/canonical.ts'
import { DecodeError } from '../../types/canonical-bytes.ts'
import { anyValue, type Value } from '../../types/canonical-value.ts'
import { MODULE_BYTES_MAX, NAME_LENGTH_MAX } from '../../types/limits.ts'
import { ContractError } from '../errors.ts'
import { ENUM_MEMBERS_MAX, RECORD_FIELDS_MAX, SCALARS, type ScalarKind } from './type.ts'

export const MODULE_FORMAT = 3

export const TYPES_MAX = 1_024
export const STATES_MAX = 256
export const KEY_PARTS_MAX = 8
export const FUNCTIONS_MAX = 512
export const LOCALS_MAX = 256
export const PARAMETERS_MAX = 32
export const CONSTANTS_MAX = 4_096
export const USES_MAX = 16

/** `type` is an index into the table of types. */
export interface TypedName {
  readonly name: string
  readonly type: number
}

export type TypeEntry =
  | { readonly kind: 'scalar'; readonly name: ScalarKind }
  | { readonly kind: 'interval' }
  | { readonly kind: 'enum'; readonly name: string; readonly members: readonly string[] }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly TypedName[] }
  | { readonly kind: 'list'; readonly item: number; readonly max: number }
  | { readonly kind: 'optional'; readonly value: number }

/** A view or filter of a used contract, or an action that it grants to this one, with the types the caller relies on. */
export interface EntryImport {
  readonly kind: 'view' | 'filter' | 'action'
  readonly contract: string
  readonly name: string
  readonly parameters: readonly number[]
  readonly result: number | null
}

export interface StateEntry {
  readonly name: string
  /** Parts of the key; none for a single value. */
  readonly key: readonly TypedName[]
  readonly value: number
  /** Maps codes to what covers them: COVERS looks things up in it, and filters may read it. */
  readonly table: boolean
}

export interface EventEntry {
  readonly name: string
  readonly fields: readonly TypedName[]
}

export interface RefusalEntry {
  readonly code: string
  readonly meaning: string
}

export interface ConstantEntry {
  readonly type: number
  readonly value: Value
}

/** How a loop walks over a state. The stack holds `prefix` key parts, then `start` optional parts after them. */
export interface RangeEntry {
  readonly state: number
  readonly prefix: number
  readonly start: number
  /** The loop starts behind `start` instead of at it. */
  readonly after: boolean
  readonly max: number
  /** More than `max` entries refuse the call; otherwise the loop stops there. */
  readonly strict: boolean
  /** Push the value after the key parts. */
  readonly values: boolean
}

export interface FunctionEntry {
  readonly name: string
  readonly parameters: readonly number[]
  readonly result: number | null
  /** Types of the locals after the parameters. */
  readonly locals: readonly number[]
  readonly code: Uint8Array
}

export const ENTRY_KINDS = ['genesis action', 'action', 'view', 'filter'] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

export interface EntryPoint {
  readonly kind: EntryKind
  readonly name: string
  readonly function: number
  readonly parameters: readonly string[]
  /** Index of the parameter whose patient the answer says something about. */
  readonly reveals: number | null
  /** The only contract that may call this action; null: transactions call it. */
  readonly by: string | null
}

export interface Module {
  readonly format: typeof MODULE_FORMAT
  readonly name: string
  readonly version: number
  readonly uses: readonly string[]
  readonly types: readonly TypeEntry[]
  readonly imports: readonly EntryImport[]
  readonly states: readonly StateEntry[]
  readonly events: readonly EventEntry[]
  readonly refusals: readonly RefusalEntry[]
  /** Names of parameters that a refusal can be about. */
  readonly abouts: readonly string[]
  readonly constants: readonly ConstantEntry[]
  readonly ranges: readonly RangeEntry[]
  readonly functions: readonly FunctionEntry[]
  readonly entries: readonly EntryPoint[]
}

const WORD = { pattern: /^[A-Za-z][A-Za-z0-9_]*$/, expected: 'a word' }
const PLAIN_WORD = { pattern: /^[A-Za-z][A-Za-z0-9]*$/, expected: 'a word of letters and digits' }
const QUALIFIED = { pattern: /^[A-Za-z][A-Za-z0-9]*\.[A-Za-z][A-Za-z0-9_]*$/, expected: 'a qualified name' }
const CAPITALS = { pattern: /^[A-Z][A-Z0-9_]*$/, expected: 'a code in capitals' }
const MEANING_LENGTH_MAX = 512

const word = text(NAME_LENGTH_MAX, WORD)
const plainWord = text(NAME_LENGTH_MAX, PLAIN_WORD)
const qualified = text(2 * NAME_LENGTH_MAX + 1, QUALIFIED)
const typedName: Codec<TypedName> = record<TypedName>({ name: word, type: uint })

const typeEntry: Codec<TypeEntry> = union<TypeEntry>({
  scalar: record({ name: oneOf(...SCALARS) }),
  interval: record({}),
  enum: record({ name: qualified, members: list(word, ENUM_MEMBERS_MAX) }),
  record: record({ name: qualified, fields: list(typedName, RECORD_FIELDS_MAX) }),
  list: record({ item: uint, max: uint }),
  optional: record({ value: uint }),
})

const moduleCodec: Codec<Module> = record<Module>({
  format: literal(MODULE_FORMAT),
  name: plainWord,
  version: uint,
  uses: list(plainWord, USES_MAX),
  types: list(typeEntry, TYPES_MAX),
  imports: list(
    record<EntryImport>({
      kind: oneOf('view', 'filter', 'action'),
      contract: plainWord,
      name: plainWord,
      parameters: list(uint, PARAMETERS_MAX),
      result: optional(uint),
    }),
    FUNCTIONS_MAX,
  ),
  states: list(
    record<StateEntry>({ name: word, key: list(typedName, KEY_PARTS_MAX), value: uint, table: boolean }),
    STATES_MAX,
  ),
  events: list(record<EventEntry>({ name: plainWord, fields: list(typedName, RECORD_FIELDS_MAX) }), 256),
  refusals: list(
    record<RefusalEntry>({ code: text(NAME_LENGTH_MAX, CAPITALS), meaning: text(MEANING_LENGTH_MAX) }),
    1_024,
  ),
  abouts: list(word, 1_024),
  constants: list(record<ConstantEntry>({ type: uint, value: anyValue }), CONSTANTS_MAX),
  ranges: list(
    record<RangeEntry>({
      state: uint,
      prefix: uint,
      start: uint,
      after: boolean,
      max: uint,
      strict: boolean,
      values: boolean,
    }),
    1_024,
  ),
  functions: list(
    record<FunctionEntry>({
      name: word,
      parameters: list(uint, LOCALS_MAX),
      result: optional(uint),
      locals: list(uint, LOCALS_MAX),
      code: bytes(MODULE_BYTES_MAX),
    }),
    FUNCTIONS_MAX,
  ),
  entries: list(
    record<EntryPoint>({
      kind: oneOf(...ENTRY_KINDS),
      name: plainWord,
      function: uint,
      parameters: list(word, PARAMETERS_MAX),
      reveals: optional(uint),
      by: optional(plainWord),
    }),
    FUNCTIONS_MAX,
  ),
})

export function encodeModule(module: Module): Uint8Array {
  return toBytes(moduleCodec, module)
}

/** Checks the form only; verify.ts checks the meaning. Throws ContractError MODULE_MALFORMED. */
export function decodeModule(moduleBytes: Uint8Array): Module {
  if (moduleBytes.length > MODULE_BYTES_MAX) {
    throw new ContractError('MODULE_MALFORMED', 'module', `${moduleBytes.length} bytes, at most ${MODULE_BYTES_MAX}`)
  }
  try {
    return fromBytes(moduleCodec, moduleBytes)
  } catch (error) {
    if (error instanceof DecodeError) throw new ContractError('MODULE_MALFORMED', error.path || 'module', error.reason)
    throw error
  }
}
