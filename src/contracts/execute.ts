// Runs calls and queries on verified contracts. Owns arguments, context and outcome; the caller owns state: it passes a
// journaled overlay and drops what a refused call wrote.

import { assertNever } from '../types/assert.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import type { ContractEvent } from '../types/receipt.ts'
import { type Abi, abiOf } from './abi.ts'
import type { StateAccess, StateReader } from './state-access.ts'
import { type Cell, cellFromValue, ValueError, valueFromCell } from './vm/cell.ts'
import type { Code } from './vm/generate-code.ts'
import { type LoadedContract, linkModules } from './vm/link.ts'
import { Machine, type MachineContext } from './vm/machine.ts'
import type { EntryPoint } from './vm/module.ts'
import type { LinkedProgram, Routine } from './vm/program.ts'
import { Refusal, refuse } from './vm/refusal.ts'
import { verifyModule } from './vm/verify.ts'

export type { StateAccess, StateReader } from './state-access.ts'

export interface ModuleSource {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface ContractCall {
  readonly contract: string
  readonly method: string
  readonly args: readonly Value[]
}

export interface CallContext {
  readonly sender: IdentityId
  readonly timeMs: number
  readonly height: number
  /** Of the block that is executed. */
  readonly epoch: number
  readonly transactionId: Hash
  readonly callIndex: number
  /** Block 0: genesis actions may be called, and only there. */
  readonly genesis: boolean
}

export interface QueryContext {
  readonly timeMs: number
  readonly height: number
  readonly epoch: number
}

export type CallOutcome =
  | { readonly status: 'ok'; readonly value: Value; readonly events: readonly ContractEvent[]; readonly gas: number }
  /** `detail` names the parameter at fault, or says in words what was expected. It never holds a value. */
  | { readonly status: 'refused'; readonly code: string; readonly gas: number; readonly detail?: string }

/** Verified and linked contracts. */
export class ContractSet {
  readonly names: readonly string[]
  private readonly entries = new Map<string, CallableEntry>()
  private readonly abis: ReadonlyMap<string, Abi>

  /** Use loadContracts, or contractSet. */
  constructor(programs: readonly LinkedProgram[]) {
    this.names = programs.map((program) => program.module.name)
    this.abis = new Map(programs.map((program) => [program.module.name, abiOf(program)]))
    for (const program of programs) {
      for (const entry of program.module.entries) {
        const routine = program.routines[entry.function] as Routine
        const code = program.code[entry.function] as Code
        this.entries.set(`${program.module.name}.${entry.name}`, { program, entry, routine, code })
      }
    }
  }

  abi(contract: string): Abi | undefined {
    return this.abis.get(contract)
  }

  /** The most gas that one call of an entry uses, whatever its arguments and the state. */
  gasMax(contract: string, method: string): number | undefined {
    const found = this.entries.get(`${contract}.${method}`)
    return found?.program.gasMax[found.entry.function]
  }

  /** Throws Refusal. */
  entry(contract: string, method: string): CallableEntry {
    if (!this.abis.has(contract)) refuse('UNKNOWN_CONTRACT')
    return this.entries.get(`${contract}.${method}`) ?? refuse('UNKNOWN_METHOD')
  }
}

interface CallableEntry {
  readonly program: LinkedProgram
  readonly entry: EntryPoint
  readonly routine: Routine
  readonly code: Code
}

/**
 * The interface of one module by itself, verified, neither linked nor made to run: a tenth of the work. Throws ContractError.
 */
export function readAbi(module: Uint8Array): Abi {
  return abiOf(verifyModule(module))
}

/** Verifies and links modules, given in dependency order. Throws ContractError. */
export function loadContracts(modules: readonly ModuleSource[]): ContractSet {
  return contractSet(linkModules(modules))
}

/** Of contracts that are verified and linked already, as the compiler leaves them. */
export function contractSet(loaded: ReadonlyMap<string, LoadedContract>): ContractSet {
  return new ContractSet([...loaded.values()].map(({ program }) => program))
}

export interface CallEnvironment {
  readonly context: CallContext
  readonly state: StateAccess
  readonly gasLimit: number
}

/**
 * Runs an action. Whatever the call contains, the answer is an outcome; the caller drops what a refused call wrote.
 * Throws only for what must stop the node: ContractError STATE_CORRUPT, or a fault of the store.
 */
export function executeCall(contracts: ContractSet, call: ContractCall, environment: CallEnvironment): CallOutcome {
  const { context, state, gasLimit } = environment
  const { sender, transactionId, callIndex, timeMs, height, epoch } = context
  const machine = new Machine(state, { timeMs, height, epoch, call: { sender, transactionId, callIndex } }, gasLimit)
  return run(machine, gasLimit, () => {
    const callable = contracts.entry(call.contract, call.method)
    admit(callable.entry, context.genesis)
    return { callable, args: call.args }
  })
}

function admit({ kind, by }: EntryPoint, genesis: boolean): void {
  switch (kind) {
    case 'action':
      if (by !== null) refuse('CONTRACT_ONLY', `the contract ${by} calls it`)
      return
    case 'genesis action':
      if (!genesis) refuse('GENESIS_ONLY')
      return
    case 'view':
      refuse('UNKNOWN_METHOD', 'a view is queried, not called')
      return
    case 'filter':
      refuse('UNKNOWN_METHOD', 'a filter is run by who holds its arguments, not called')
      return
    default:
      assertNever(kind)
      return
  }
}

export interface QueryEnvironment {
  readonly context: QueryContext
  readonly state: StateReader
  readonly gasLimit: number
}

/** Runs a view. Throws as executeCall does. */
export function queryView(contracts: ContractSet, call: ContractCall, environment: QueryEnvironment): CallOutcome {
  const { state, gasLimit } = environment
  const { timeMs, height, epoch } = environment.context
  const context: MachineContext = { timeMs, height, epoch }
  const machine = new Machine(readOnly(state), context, gasLimit)
  return run(machine, gasLimit, () => {
    const callable = contracts.entry(call.contract, call.method)
    const { kind } = callable.entry
    if (kind === 'filter') refuse('UNKNOWN_METHOD', 'a filter is run by who holds its arguments, not queried')
    if (kind !== 'view') refuse('UNKNOWN_METHOD', 'an action is called in a transaction, not queried')
    return { callable, args: call.args }
  })
}

/** `state` serves the code tables; a filter reads nothing else. */
export interface FilterEnvironment {
  readonly state: StateReader
}

/**
 * Runs a filter, beside the chain: the same answer for everybody who has the same arguments and tables. It needs no gas
 * limit: it ends by itself, and nobody else waits for it. Throws as executeCall does.
 */
export function runFilter(contracts: ContractSet, call: ContractCall, { state }: FilterEnvironment): CallOutcome {
  const machine = new Machine(readOnly(state), NO_CONTEXT, Number.MAX_SAFE_INTEGER)
  return run(machine, Number.MAX_SAFE_INTEGER, () => {
    const callable = contracts.entry(call.contract, call.method)
    if (callable.entry.kind !== 'filter') refuse('UNKNOWN_METHOD', 'only a filter runs beside the chain')
    return { callable, args: call.args }
  })
}

/** No verified filter asks for it. */
const NO_CONTEXT: MachineContext = { timeMs: 0, height: 0, epoch: 0 }

function readOnly(state: StateReader): StateAccess {
  const refuseWrite = () => {
    throw new TypeError('a view writes')
  }
  return {
    get: (key) => state.get(key),
    range: (prefix, options) => state.range(prefix, options),
    put: refuseWrite,
    delete: refuseWrite,
  }
}

function run(
  machine: Machine,
  gasLimit: number,
  prepare: () => { callable: CallableEntry; args: readonly Value[] },
): CallOutcome {
  const gas = () => gasLimit - Math.max(0, machine.gas)
  try {
    const { callable, args } = prepare()
    const { routine, code } = callable
    const result = code(machine, ...parametersOf(callable, args))
    const value = routine.result === null ? null : valueFromCell(routine.result, result)
    return { status: 'ok', value, events: machine.events, gas: gas() }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, detail } = error
    return { status: 'refused', code, gas: gas(), ...(detail === undefined ? {} : { detail }) }
  }
}

function parametersOf({ entry, routine }: CallableEntry, args: readonly Value[]): Cell[] {
  const { parameters } = entry
  if (args.length !== parameters.length) {
    refuse('BAD_ARGUMENT', `expected ${parameters.length} arguments: ${parameters.join(', ')}`)
  }
  return routine.parameters.map((type, i) => {
    const name = parameters[i] as string
    try {
      return cellFromValue(type, args[i], name)
    } catch (error) {
      if (error instanceof ValueError) return refuse('BAD_ARGUMENT', error.message)
      throw error
    }
  })
}
