// Joins verified programs: every imported view must exist in a contract loaded before, with the very types that the
// caller was verified against. Earlier only, so contracts cannot call each other in a circle.

import { ContractError } from '../errors.ts'
import type { LinkedProgram } from './interpret.ts'
import { LINKED_DEPTH_MAX, type Program } from './program.ts'
import type { Type } from './type.ts'
import { verifyModule } from './verify.ts'

export interface LoadedContract {
  readonly program: LinkedProgram
  /** Calls inside each other, used contracts included. */
  readonly depth: number
}

/** In dependency order. Throws ContractError. */
export function linkModules(
  modules: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Map<string, LoadedContract> {
  const loaded = new Map<string, LoadedContract>()
  for (const { name, bytes } of modules) {
    const program = verifyModule(bytes)
    if (program.module.name !== name) throw unlinked(name, `the module calls itself ${program.module.name}`)
    if (loaded.has(name)) throw unlinked(name, 'is loaded twice')
    loaded.set(name, linkProgram(program, loaded))
  }
  return loaded
}

function unlinked(contract: string, reason: string): ContractError {
  return new ContractError('LINK_FAILED', `contract ${contract}`, reason)
}

function linkProgram(program: Program, loaded: ReadonlyMap<string, LoadedContract>): LoadedContract {
  const { module } = program
  const used = module.uses.map((name) => {
    const contract = loaded.get(name)
    if (contract === undefined) throw unlinked(module.name, `uses ${name}, which is not loaded before it`)
    return contract
  })
  const own = Math.max(0, ...program.routines.map((routine) => routine.callDepth))
  const depth = own + Math.max(0, ...used.map((contract) => contract.depth))
  if (depth > LINKED_DEPTH_MAX) throw unlinked(module.name, `more than ${LINKED_DEPTH_MAX} calls inside each other`)
  const views = module.imports.map((entry) => {
    const target = loaded.get(entry.contract)?.program
    const view = target?.module.entries.find(({ kind, name }) => kind === 'view' && name === entry.view)
    const routine = view === undefined ? undefined : target?.routines[view.function]
    const name = `${entry.contract}.${entry.view}`
    if (target === undefined || routine === undefined) throw unlinked(module.name, `there is no view ${name}`)
    const expected = [...entry.parameters, ...(entry.result === null ? [] : [entry.result])]
    const found = [...routine.parameters, ...(routine.result === null ? [] : [routine.result])]
    const fits =
      expected.length === found.length && expected.every((index, i) => isSame(program.types[index], found[i]))
    if (!fits) throw unlinked(module.name, `${name} has other types than it was compiled against`)
    return { program: target, routine, import: entry }
  })
  return { program: { ...program, views }, depth }
}

/** Structure and names: two modules hold their own copies of a type. */
function isSame(a: Type | undefined, b: Type | undefined): boolean {
  return a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b)
}
