// Runs calls and queries on verified contracts. Owns arguments, context and outcome; the caller owns state: it passes a
// journaled overlay and drops what a refused call wrote.

import type { Hash, IdentityId } from '../types/brand.ts'
import type { Value } from '../types/canonical.ts'
import type { ContractEvent } from '../types/receipt.ts'
import type { Abi } from './abi.ts'

/** State as the machine sees it. Keys ascend by their bytes. */
export interface StateAccess {
  get(key: Uint8Array): Uint8Array | undefined
  put(key: Uint8Array, value: Uint8Array): void
  delete(key: Uint8Array): void
  /** Entries whose key starts with `prefix` and, with `after`, is greater than it; at most `limit`. */
  range(
    prefix: Uint8Array,
    options: { readonly after?: Uint8Array; readonly limit: number },
  ): Iterable<readonly [key: Uint8Array, value: Uint8Array]>
}

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
  readonly transactionId: Hash
  readonly callIndex: number
  /** Block 0: genesis actions may be called, and only there. */
  readonly genesis: boolean
}

export interface QueryContext {
  readonly timeMs: number
  readonly height: number
}

export type CallOutcome =
  | { readonly status: 'ok'; readonly value: Value; readonly events: readonly ContractEvent[]; readonly gas: number }
  /** `detail` names the parameter at fault, or says in words what was expected. It never holds a value. */
  | { readonly status: 'refused'; readonly code: string; readonly gas: number; readonly detail?: string }

/** Verified and linked contracts, by name. */
export interface ContractSet {
  readonly names: readonly string[]
  abi(contract: string): Abi | undefined
}

/** Verifies and links modules, given in dependency order. Throws ContractError. */
export declare function loadContracts(modules: readonly ModuleSource[]): ContractSet

export interface CallEnvironment {
  readonly context: CallContext
  readonly state: StateAccess
  readonly gasLimit: number
}

/** Never throws for anything a call contains. What a refused call wrote is the caller's to drop. */
export declare function executeCall(contracts: ContractSet, call: ContractCall, environment: CallEnvironment): CallOutcome

export interface QueryEnvironment {
  readonly context: QueryContext
  readonly state: Pick<StateAccess, 'get' | 'range'>
  readonly gasLimit: number
}

/** Runs a view. Events are always empty. */
export declare function queryView(contracts: ContractSet, call: ContractCall, environment: QueryEnvironment): CallOutcome
