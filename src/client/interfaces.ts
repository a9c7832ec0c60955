// The contracts' interfaces as the genesis defines them: named JSON arguments in, decoded values out.

import { type Abi, type AbiEntry, argumentsFromJson, eventToJson, type Json, valueToJson } from '../contracts/abi.ts'
import { readAbi } from '../contracts/execute.ts'
import type { Genesis } from '../types/genesis.ts'
import type { ContractEvent, Receipt } from '../types/receipt.ts'
import type { Call } from '../types/transaction.ts'
import { ClientError } from './errors.ts'

/** A call as people write it. */
export interface NamedCall {
  readonly contract: string
  readonly method: string
  readonly args?: { readonly [parameter: string]: Json }
}

export interface DecodedCall {
  readonly contract: string
  readonly method: string
  readonly status: 'ok' | 'refused'
  /** `OK`, or why the contract refused: spec/contracts.md, "Refusal codes". */
  readonly code: string
  readonly value: Json
  readonly events: readonly { readonly contract: string; readonly name: string; readonly fields: Json }[]
  readonly gas: number
}

export class Interfaces {
  readonly names: readonly string[]
  private readonly modules: ReadonlyMap<string, Uint8Array>
  /** Read when they are first needed. */
  private readonly abis = new Map<string, Abi>()

  constructor({ contracts }: Pick<Genesis, 'contracts'>) {
    this.names = contracts.map(({ name }) => name)
    this.modules = new Map(contracts.map(({ name, module }) => [name, module]))
  }

  abi(contract: string): Abi | undefined {
    const module = this.modules.get(contract)
    const abi = this.abis.get(contract) ?? (module && readAbi(module))
    if (abi !== undefined) this.abis.set(contract, abi)
    return abi
  }

  /** Positional arguments. Throws BAD_ARGUMENT naming contract, method or parameter. */
  encode({ contract, method, args = {} }: NamedCall): Call {
    const { abi } = this.entry({ contract, method })
    try {
      return { contract, method, args: argumentsFromJson(abi, method, args) }
    } catch (error) {
      const message = `${contract}.${method}: ${(error as Error).message}`
      throw new ClientError('BAD_ARGUMENT', message, { field: 'args', cause: error })
    }
  }

  entry({ contract, method }: { contract: string; method: string }): { abi: Abi; entry: AbiEntry } {
    const abi = this.abi(contract)
    if (abi === undefined) {
      const accepted = this.names.join(', ')
      throw new ClientError('BAD_ARGUMENT', `contract: expected one of ${accepted}`, { field: 'contract' })
    }
    const entry = abi.entries.find(({ name }) => name === method)
    if (entry) return { abi, entry }
    const accepted = abi.entries.map(({ name }) => name).join(', ')
    throw new ClientError('BAD_ARGUMENT', `method of ${contract}: expected one of ${accepted}`, { field: 'method' })
  }

  /** What each call of a transaction did, its value typed by the interface. */
  decode(receipt: Receipt, calls: readonly Pick<Call, 'contract' | 'method'>[]): readonly DecodedCall[] {
    return receipt.calls.map((call, i) => {
      const { contract, method } = calls[i] as Call
      const { returns } = this.entry({ contract, method }).entry
      const value = call.status === 'ok' && returns !== null ? valueToJson(returns, call.value) : null
      return { contract, method, ...call, value, events: call.events.map((event) => this.decodeEvent(event)) }
    })
  }

  private decodeEvent(event: ContractEvent): DecodedCall['events'][number] {
    const { contract, name } = event
    const abi = this.abi(contract)
    return { contract, name, fields: abi === undefined ? {} : eventToJson(abi, event) }
  }
}
