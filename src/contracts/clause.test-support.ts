// Compiles a Clause text and runs it on state in memory, for the tests of language and machine.

import type { Hash, IdentityId } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import {
  type CallOutcome,
  type ContractCall,
  type ContractSet,
  contractSet,
  executeCall,
  queryView,
} from './execute.ts'
import { compile, compileForTools } from './lang/compile.ts'
import { CompileError } from './lang/diagnostics.ts'
import { MemoryState } from './memory-state.ts'

export const SENDER = 'aa'.repeat(32) as IdentityId
export const TRANSACTION = 'bb'.repeat(32) as Hash
export const NOW = 1_700_000_000_000
export const GAS = 10_000_000

/** 32 bytes of one value, as an argument. */
export const bytes32 = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** Adds the head that every contract has. */
export const contractText = (body: string): string => `contract sample version 1\n\n${body}\n`

/** The messages of a text that does not compile, in order; empty when it compiles. */
export function mistakesIn(body: string): string[] {
  try {
    compile([{ name: 'sample.clause', text: contractText(body) }])
    return []
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostics.map((diagnostic) => diagnostic.message)
    throw error
  }
}

export class Sample {
  readonly contracts: ContractSet
  readonly state = new MemoryState()
  genesis = false
  gasLimit = GAS

  constructor(...bodies: string[]) {
    const names = ['sample', 'second', 'third']
    const sources = bodies.map((body, i) => {
      const name = names[i] as string
      return { name: `${name}.clause`, text: `contract ${name} version 1\n${body}\n` }
    })
    this.contracts = contractSet(compileForTools(sources).loaded)
  }

  /** `method` of the contract `sample`, or `contract.method`. */
  call(method: string, ...args: Value[]): CallOutcome {
    const context = {
      sender: SENDER,
      timeMs: NOW,
      height: 7,
      epoch: 2,
      transactionId: TRANSACTION,
      callIndex: 3,
      genesis: this.genesis,
    }
    const call = named(method, args)
    const outcome = this.state.tentatively(
      () => executeCall(this.contracts, call, { context, state: this.state, gasLimit: this.gasLimit }),
      ({ status }) => status === 'ok',
    )
    return withinBound(this.contracts, call, outcome)
  }

  query(method: string, ...args: Value[]): CallOutcome {
    const context = { timeMs: NOW, height: 7, epoch: 2 }
    const call = named(method, args)
    const outcome = queryView(this.contracts, call, { context, state: this.state, gasLimit: this.gasLimit })
    return withinBound(this.contracts, call, outcome)
  }

  /** What a view answers, or the code of its refusal. */
  ask(method: string, ...args: Value[]): Value {
    return answer(this.query(method, ...args))
  }

  act(method: string, ...args: Value[]): Value {
    return answer(this.call(method, ...args))
  }
}

/** No execution in any test uses more gas than the compiler promised. */
export function withinBound(
  contracts: ContractSet,
  { contract, method }: ContractCall,
  outcome: CallOutcome,
): CallOutcome {
  const gasMax = contracts.gasMax(contract, method) ?? 0
  // What does not even start, or ends at the limit given, proves nothing.
  if (outcome.gas > gasMax && !(outcome.status === 'refused' && outcome.code === 'OUT_OF_GAS')) {
    throw new Error(`${contract}.${method} used ${outcome.gas} gas, and the compiler promised at most ${gasMax}`)
  }
  return outcome
}

function named(method: string, args: readonly Value[]) {
  const [contract, name] = method.includes('.')
    ? (method.split('.') as [string, string])
    : (['sample', method] as const)
  return { contract, method: name, args }
}

function answer(outcome: CallOutcome): Value {
  return outcome.status === 'ok' ? outcome.value : outcome.code
}

/** What `expression` of type `type` computes, with `parameters` as they stand in a head. */
export function evaluate(expression: string, type: string, parameters = '', ...args: Value[]): Value {
  return new Sample(`view value(${parameters}) returns ${type} {\n return ${expression}\n}`).ask('value', ...args)
}
