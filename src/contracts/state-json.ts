// State of contracts as JSON, for people and tools that run entries without a ledger:
//
//   { "consent": { "heads": [{ "key": { "key": "…" }, "value": { … } }], "changeCount": 7 } }
//
// A map is a list of entries, a single value stands for itself.

import type { Value } from '../types/canonical-value.ts'
import { type Abi, AbiError, type AbiState, type Json, valueFromJson, valueToJson } from './abi.ts'
import { MemoryState } from './memory-state.ts'
import { type Cell, cellFromValue, valueFromCell } from './vm/cell.ts'
import { decodeStateValue, encodeStateValue, stateKey } from './vm/contract-state.ts'
import { decodeKey, stateKeyPrefix } from './vm/key.ts'
import type { StateTable } from './vm/program.ts'
import type { Type } from './vm/type.ts'

const ENTRIES_MAX = 1_000_000

type JsonObject = { readonly [key: string]: Json }

/** Throws AbiError naming the part at fault. */
export function stateFromJson(abis: readonly Abi[], json: Json): MemoryState {
  const state = new MemoryState()
  for (const [contract, states] of Object.entries(objectAt(json, 'state'))) {
    const abi = abis.find((each) => each.contract === contract)
    if (abi === undefined) throw refused(contract, `one of ${abis.map((each) => each.contract).join(', ')}`)
    for (const [name, content] of Object.entries(objectAt(states, contract))) {
      const path = `${contract}.${name}`
      const declared = abi.states.find((each) => each.name === name)
      if (declared === undefined) throw refused(path, `one of ${abi.states.map((each) => each.name).join(', ')}`)
      fill(state, { contract, declared, content, path })
    }
  }
  return state
}

function fill(
  state: MemoryState,
  { contract, declared, content, path }: { contract: string; declared: AbiState; content: Json; path: string },
): void {
  const table = tableOf(contract, declared)
  const put = (parts: readonly Cell[], json: Json, at: string): void => {
    const value = encodeStateValue(table, cellOf(declared.value, json, at))
    state.put(stateKey(table, parts), value)
  }
  if (declared.key.length === 0) {
    put([], content, path)
    return
  }
  if (!Array.isArray(content)) throw refused(path, 'a list of entries, each with key and value')
  for (const [i, entry] of (content as readonly Json[]).entries()) {
    const at = `${path}[${i}]`
    const { key, value } = objectAt(entry, at)
    const named = objectAt(key, `${at}.key`)
    const parts = declared.key.map(({ name, type }) => cellOf(type, named[name], `${at}.key.${name}`))
    put(parts, value ?? null, `${at}.value`)
  }
}

function cellOf(type: Type, json: Json | undefined, path: string): Cell {
  return cellFromValue(type, valueFromJson(type, json ?? null, path), path)
}

function objectAt(json: Json | undefined, path: string): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject
  throw refused(path, 'an object')
}

function refused(path: string, expected: string): AbiError {
  return new AbiError('BAD_ARGUMENT', path, `expected ${expected}`)
}

/** What stands in the state of these contracts; states with nothing in them are left away. */
export function stateToJson(abis: readonly Abi[], state: MemoryState): Json {
  const contracts: { [contract: string]: Json } = {}
  for (const { contract, states } of abis) {
    const filled: { [name: string]: Json } = {}
    for (const declared of states) {
      const entries = entriesOf(contract, declared, state)
      if (entries.length === 0) continue
      filled[declared.name] = declared.key.length === 0 ? (entries[0] as { value: Json }).value : entries
    }
    if (Object.keys(filled).length > 0) contracts[contract] = filled
  }
  return contracts
}

function tableOf(contract: string, { name, key, value }: AbiState): StateTable {
  return { name, prefix: stateKeyPrefix(contract, name), keyTypes: key.map(({ type }) => type), value, isTable: false }
}

function entriesOf(contract: string, declared: AbiState, state: MemoryState): { key: Json; value: Json }[] {
  const { key, value } = declared
  const table = tableOf(contract, declared)
  const json = (type: Type, cell: Cell): Json => valueToJson(type, valueFromCell(type, cell) as Value)
  return [...state.range(table.prefix, { limit: ENTRIES_MAX })].map(([bytes, stored]) => {
    const parts = decodeKey(bytes, table.prefix.length, table.keyTypes)
    return {
      key: Object.fromEntries(key.map(({ name: part, type }, i) => [part, json(type, parts[i] as Cell)])),
      value: json(value, decodeStateValue(table, stored)),
    }
  })
}
