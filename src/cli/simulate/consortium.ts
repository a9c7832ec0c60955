// A consortium in memory: the real contracts on a state of their own, without a network, one block after genesis. What is
// called is what a node would execute.

import { type AbiEntry, argumentsFromJson, findEntry, type Json, valueToJson } from '../../contracts/abi.ts'
import { BUILT_IN_NAMES } from '../../contracts/builtin/names.ts'
import {
  type CallOutcome,
  type ContractSet,
  contractSet,
  executeCall,
  queryView,
  runFilter,
} from '../../contracts/execute.ts'
import { compileForTools } from '../../contracts/lang/compile.ts'
import { MemoryState } from '../../contracts/memory-state.ts'
import { taggedHash } from '../../crypto/hash.ts'
import { builtInSource } from '../../node/built-in-contracts.ts'
import { assert } from '../../types/assert.ts'
import type { Hash, IdentityId } from '../../types/brand.ts'
import type { Value } from '../../types/canonical-value.ts'
import { TAG } from '../../types/tags.ts'

type Named = { readonly [parameter: string]: Json }

const GAS = 1_000_000_000

let loaded: ContractSet | undefined

function builtInContracts(): ContractSet {
  loaded ??= contractSet(compileForTools(BUILT_IN_NAMES.map(builtInSource)).loaded)
  return loaded
}

export class Refused extends Error {
  readonly method: string
  constructor(method: string, code: string) {
    super(`${method}: ${code}`)
    this.name = 'Refused'
    this.method = method
  }
}

export class SimulatedConsortium {
  private readonly contracts = builtInContracts()
  private readonly state = new MemoryState()
  private readonly timeMs: number
  private height = 0
  private calls = 0

  constructor(timeMs: number) {
    this.timeMs = timeMs
  }

  /** From here on no genesis action is accepted. */
  endGenesis(): void {
    this.height = 1
  }

  /** Calls an action with named JSON. Throws Refused. */
  act(sender: IdentityId, method: string, named: Named = {}): Json {
    const { contract, entry, abi } = this.entry(method)
    return this.json(entry, this.call(sender, method, argumentsFromJson(abi, entry.name, named), contract))
  }

  /** The same with canonical values by position. */
  call(sender: IdentityId, method: string, args: readonly Value[], contract = method.split('.')[0] ?? ''): Value {
    const { entry } = this.entry(method)
    const context = {
      sender,
      timeMs: this.timeMs,
      height: this.height,
      epoch: 0,
      transactionId: this.nextTransaction(),
      callIndex: 0,
      genesis: this.height === 0,
    }
    const call = { contract, method: entry.name, args }
    const environment = { context, state: this.state, gasLimit: GAS }
    // A refusal ends the simulation: nothing has to be taken back.
    return accepted(method, executeCall(this.contracts, call, environment))
  }

  ask(method: string, named: Named): Json {
    const { contract, entry, abi } = this.entry(method)
    const call = { contract, method: entry.name, args: argumentsFromJson(abi, entry.name, named) }
    const context = { timeMs: this.timeMs, height: this.height, epoch: 0 }
    const outcome = queryView(this.contracts, call, { context, state: this.state, gasLimit: GAS })
    return this.json(entry, accepted(method, outcome))
  }

  filter(method: string, args: readonly Value[]): Value {
    const { contract, entry } = this.entry(method)
    const call = { contract, method: entry.name, args }
    return accepted(method, runFilter(this.contracts, call, { state: this.state }))
  }

  private entry(method: string) {
    const [contract = '', name = ''] = method.split('.')
    const abi = this.contracts.abi(contract)
    assert(abi !== undefined, 'a built-in contract')
    return { contract, abi, entry: findEntry(abi, name) }
  }

  private json({ returns }: AbiEntry, value: Value): Json {
    return returns === null ? null : valueToJson(returns, value)
  }

  private nextTransaction(): Hash {
    this.calls++
    return taggedHash(TAG.transaction, new TextEncoder().encode(String(this.calls)))
  }
}

function accepted(method: string, outcome: CallOutcome): Value {
  if (outcome.status === 'ok') return outcome.value
  throw new Refused(method, outcome.code)
}
