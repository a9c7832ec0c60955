// May contracts take the place of others on a chain that has state, clients and decisions of the old ones? An upgrade adds;
// what stands keeps its shape, so every stored entry can be read, every call that was possible still is, and old decisions
// can be explained by the code that made them. spec/clause.md, "Upgrades".

import type { Abi, AbiEntry, Field, Type } from './abi.ts'
import { ContractError } from './errors.ts'
import type { ContractSet } from './execute.ts'

/** Throws ContractError UPGRADE_INCOMPATIBLE, which names what is missing or has another shape. */
export function checkUpgrade(before: ContractSet, after: ContractSet): void {
  for (const name of before.names) {
    const old = before.abi(name) as Abi
    const abi = after.abi(name)
    if (abi === undefined) throw incompatible(`contract ${name}`, 'is gone; expected a contract of that name')
    for (const state of old.states) {
      const now = abi.states.find((each) => each.name === state.name)
      if (now === undefined) throw incompatible(`${name}, state ${state.name}`, 'is gone')
      const sameKey = sameFields(state.key, now.key, isSame)
      if (!sameKey || state.table !== now.table) throw incompatible(`${name}, state ${state.name}`, 'has another key')
      if (!isWider(state.value, now.value)) throw incompatible(`${name}, state ${state.name}`, 'holds other values')
    }
    for (const event of old.events) {
      const now = abi.events.find((each) => each.name === event.name)
      if (now && sameFields(event.fields, now.fields, isWider)) continue
      throw incompatible(`${name}, event ${event.name}`, now ? 'has other fields' : 'is gone')
    }
    // What ran in block 0 never runs again.
    for (const entry of old.entries.filter(({ kind }) => kind !== 'genesis action')) {
      const now = abi.entries.find((each) => each.name === entry.name)
      if (now && keepsShape(entry, now)) continue
      throw incompatible(`${name}, ${entry.kind} ${entry.name}`, now ? 'takes or returns something else' : 'is gone')
    }
  }
}

function incompatible(where: string, reason: string): ContractError {
  return new ContractError('UPGRADE_INCOMPATIBLE', where, reason)
}

function keepsShape(old: AbiEntry, now: AbiEntry): boolean {
  const sameResult =
    old.returns === null || now.returns === null ? old.returns === now.returns : isWider(old.returns, now.returns)
  const sameRights = old.kind === now.kind && old.by === now.by && old.reveals === now.reveals
  return sameRights && sameResult && sameFields(old.parameters, now.parameters, isWider)
}

function sameFields(old: readonly Field[], now: readonly Field[], fits: (old: Type, now: Type) => boolean): boolean {
  return (
    old.length === now.length &&
    old.every(({ name, type }, i) => name === now[i]?.name && fits(type, (now[i] as Field).type))
  )
}

const isSame = (old: Type, now: Type): boolean => isWider(old, now) && isWider(now, old)

/** Is every value of `old` one of `now`, in the same bytes? Members are stored by position, so new ones come last. */
function isWider(old: Type, now: Type): boolean {
  switch (old.kind) {
    case 'enum':
      return now.kind === 'enum' && old.name === now.name && old.members.every((member, i) => member === now.members[i])
    case 'record':
      return now.kind === 'record' && old.name === now.name && sameFields(old.fields, now.fields, isWider)
    case 'list':
      return now.kind === 'list' && old.max <= now.max && isWider(old.item, now.item)
    case 'optional':
      return now.kind === 'optional' && isWider(old.value, now.value)
    default:
      return old.kind === now.kind
  }
}
