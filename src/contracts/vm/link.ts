// Joins verified programs: every imported view or granted action must exist in a contract loaded before, with the very
// types that the caller was verified against. Earlier only, so contracts cannot call each other in a circle.

import { TRANSACTION_GAS_MAX } from '../../types/limits.ts'
import { ContractError } from '../errors.ts'
import { gasMaxOf } from './gas-bound.ts'
import { type Code, frameSizeOf, generateCode } from './generate-code.ts'
import { type Instruction, OP } from './instruction.ts'
import { FRAME_DEPTH_MAX, LINKED_DEPTH_MAX, type LinkedProgram, type Program } from './program.ts'
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

/** Throws ContractError. `loaded`: the contracts that it may use. */
export function linkProgram(program: Program, loaded: ReadonlyMap<string, LoadedContract>): LoadedContract {
  const { module } = program
  const used = module.uses.map((name) => {
    const contract = loaded.get(name)
    if (contract === undefined) throw unlinked(module.name, `uses ${name}, which is not loaded before it`)
    return contract
  })
  const own = Math.max(0, ...program.routines.map((routine) => routine.callDepth))
  const depth = own + Math.max(0, ...used.map((contract) => contract.depth))
  if (depth > LINKED_DEPTH_MAX) throw unlinked(module.name, `more than ${LINKED_DEPTH_MAX} calls inside each other`)
  const known = new Map<Type, Type>()
  const imports = module.imports.map((entry) => {
    const target = loaded.get(entry.contract)?.program
    const callee = target?.module.entries.find(({ kind, name }) => kind === entry.kind && name === entry.name)
    const routine = callee === undefined ? undefined : target?.routines[callee.function]
    const name = `${entry.contract}.${entry.name}`
    if (target === undefined || callee === undefined || routine === undefined) {
      throw unlinked(module.name, `there is no ${entry.kind} ${name}`)
    }
    if (entry.kind === 'action' && callee.by !== module.name) throw unlinked(module.name, `may not call ${name}`)
    const expected = [...entry.parameters, ...(entry.result === null ? [] : [entry.result])]
    const found = [...routine.parameters, ...(routine.result === null ? [] : [routine.result])]
    const fits =
      (entry.result === null) === (routine.result === null) &&
      expected.length === found.length &&
      expected.every((index, i) => isSame(program.types[index], found[i], known))
    if (!fits) throw unlinked(module.name, `${name} has other types than it was compiled against`)
    const gasMax = target.gasMax[callee.function] as number
    const frameDepth = target.frameDepth[callee.function] as number
    return { routine, code: target.code[callee.function] as Code, gasMax, frameDepth }
  })
  const gasMax = gasMaxOfAll(program, imports)
  const frameDepth = frameDepthOf(program, imports)
  if (frameDepth.some((size) => size > FRAME_DEPTH_MAX)) {
    throw unlinked(module.name, `more than ${FRAME_DEPTH_MAX} variables in functions inside each other`)
  }
  return { program: { ...program, code: generateCode(program, imports), gasMax, frameDepth }, depth }
}

/** Variables in all functions inside each other at the deepest place: they share one stack. */
function frameDepthOf({ routines }: Program, imports: readonly { readonly frameDepth: number }[]): number[] {
  const depths: number[] = []
  for (const routine of routines) {
    let deepest = 0
    for (const { op, a } of routine.instructions) {
      if (op === OP.CALL) deepest = Math.max(deepest, depths[a] as number)
      if (op === OP.CALL_VIEW || op === OP.CALL_ACTION) deepest = Math.max(deepest, imports[a]?.frameDepth as number)
    }
    depths.push(frameSizeOf(routine) + deepest)
  }
  return depths
}

/** An entry that might not fit into any transaction. */
export class GasExceeded extends ContractError {
  readonly entry: string
  readonly gas: number
  constructor(contract: string, entry: string, gas: number) {
    const reason = `could use ${gas} gas, and a transaction has at most ${TRANSACTION_GAS_MAX}`
    super('MODULE_INVALID', `contract ${contract}: ${entry}`, reason)
    this.entry = entry
    this.gas = gas
  }
}

/** Of every routine; callees stand before their callers. */
function gasMaxOfAll({ module, routines }: Program, imports: readonly { readonly gasMax: number }[]): number[] {
  const gasMax: number[] = []
  const callee = ({ op, a }: Instruction): number => {
    if (op === OP.CALL) return gasMax[a] as number
    return op === OP.CALL_VIEW || op === OP.CALL_ACTION ? (imports[a]?.gasMax as number) : 0
  }
  for (const routine of routines) gasMax.push(gasMaxOf(routine, callee))
  for (const { name, function: index } of module.entries) {
    const gas = gasMax[index] as number
    if (gas > TRANSACTION_GAS_MAX) throw new GasExceeded(module.name, name, gas)
  }
  return gasMax
}

/** Structure and names: two modules hold their own copies of a type. `known`: pairs found the same before. */
function isSame(a: Type | undefined, b: Type | undefined, known: Map<Type, Type>): boolean {
  if (a === undefined || b === undefined || a.kind !== b.kind) return false
  if (known.get(a) === b) return true
  const same = sameParts(a, b, known)
  if (same) known.set(a, b)
  return same
}

function sameParts(a: Type, b: Type, known: Map<Type, Type>): boolean {
  if (a.kind === 'list' && b.kind === 'list') return a.max === b.max && isSame(a.item, b.item, known)
  if (a.kind === 'optional' && b.kind === 'optional') return isSame(a.value, b.value, known)
  if (a.kind === 'enum' && b.kind === 'enum') {
    return a.name === b.name && a.members.join() === b.members.join()
  }
  if (a.kind !== 'record' || b.kind !== 'record') return true
  const { fields } = b
  return (
    a.name === b.name &&
    a.fields.length === fields.length &&
    a.fields.every(({ name, type }, i) => name === fields[i]?.name && isSame(type, fields[i]?.type, known))
  )
}
