// Which contracts run at a height: those of the genesis, until the institutions deploy others. Asked of the contract
// `deployments`, in the state that counts, by its code of the genesis: upgrades keep its shape. Linked contracts are kept by
// the hashes of their code. spec/ledger.md, "Contracts in force".

import { ContractError } from '../contracts/errors.ts'
import { type ContractSet, loadContracts, queryView, type StateAccess } from '../contracts/execute.ts'
import { assert } from '../types/assert.ts'
import type { Hash } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import {
  contractsFromValue,
  type DeployedContract,
  type Deployment,
  deployedContract,
  moduleFrom,
  partsOf,
} from '../types/deployment.ts'
import type { ContractModule, Genesis } from '../types/genesis.ts'

type State = Pick<StateAccess, 'get' | 'range'>

/** Code of one deployment (consensus): bounds what checking a proposal costs. */
export const DEPLOYMENT_BYTES_MAX = 512 * 1024
const SETS_KEPT = 4
/** Far above what these views could use. */
const GAS_MAX = 1_000_000

export interface Start {
  readonly number: number
  readonly fromHeight: number
}

export class ContractsInForce {
  private readonly genesis: ContractSet
  private readonly genesisModules: readonly ContractModule[]
  private readonly genesisParts = new Map<Hash, readonly Uint8Array[]>()
  /** Linked, or not fit for each other, by the hashes of their code; the newest last. */
  private readonly sets = new Map<string, ContractSet | ContractError>()

  constructor(genesis: Pick<Genesis, 'contracts'>, linked: ContractSet) {
    this.genesis = linked
    this.genesisModules = genesis.contracts
    for (const { module } of genesis.contracts) {
      for (const { hash, words } of partsOf(module)) this.genesisParts.set(hash, words)
    }
    this.sets.set(codeName(deployedByGenesis(genesis, linked)), linked)
  }

  /** Of the deployment with this number; undefined where nothing was ever deployed. */
  of(number: number | undefined, state: State): ContractSet {
    return number === undefined ? this.genesis : this.ofDeployment(number, state)
  }

  /** The code of those contracts. */
  modulesAt(height: number, state: State): readonly ContractModule[] {
    const number = numberInForce(height, this.starts(state))
    if (number === undefined) return this.genesisModules
    const modules = this.modules(this.deployment(number, state)?.contracts ?? [], state)
    if (modules instanceof Error) throw modules
    return modules
  }

  /** At most the one in force and the one to come. */
  starts(state: State): readonly Start[] {
    if (this.genesis.abi('deployments') === undefined) return []
    const value = this.ask('starts', { args: [], state })
    assert(Array.isArray(value), 'deployments.starts answers a list')
    return value as unknown as readonly Start[]
  }

  /** Asserts that there is such a deployment. */
  ofDeployment(number: number, state: State): ContractSet {
    const deployment = this.deployment(number, state)
    assert(deployment !== undefined, 'a deployment that begins is stored')
    const set = this.link(deployment.contracts, state)
    if (set instanceof Error) throw set
    return set
  }

  deployment(number: number, state: State): Deployment | undefined {
    const value = this.ask('deployment', { args: [number], state })
    if (value === null) return undefined
    const entry = value as { readonly [field in keyof Deployment]: Value }
    const contracts = contractsFromValue(entry.contracts)
    assert(contracts !== undefined, 'deployments.deployment answers contracts')
    return { ...(entry as unknown as Deployment), contracts }
  }

  /** Contracts that could be deployed; an error that says what keeps them from it. */
  link(contracts: readonly DeployedContract[], state: State): ContractSet | ContractError {
    const name = codeName(contracts)
    const kept = this.sets.get(name)
    if (kept !== undefined) return kept
    const modules = this.modules(contracts, state)
    // Code that is not there today may be uploaded tomorrow: nothing to keep.
    if (modules instanceof ContractError) return modules
    const set = linked(contracts, modules)
    if (this.sets.size === SETS_KEPT) this.sets.delete(this.sets.keys().next().value as string)
    this.sets.set(name, set)
    return set
  }

  modules(contracts: readonly DeployedContract[], state: State): readonly ContractModule[] | ContractError {
    const modules: ContractModule[] = []
    let size = 0
    for (const contract of contracts) {
      size += contract.size
      if (size > DEPLOYMENT_BYTES_MAX)
        return unlinked(contract, `expected at most ${DEPLOYMENT_BYTES_MAX} bytes in all`)
      const module = moduleFrom(contract, (part) => this.genesisParts.get(part) ?? this.uploaded(part, state))
      if (module === undefined) return unlinked(contract, 'its code was not uploaded')
      modules.push({ name: contract.name, module })
    }
    return modules
  }

  private uploaded(part: Hash, state: State): readonly Uint8Array[] | undefined {
    const value = this.ask('codeOf', { args: [Uint8Array.fromHex(part)], state })
    return value === null ? undefined : (value as readonly Uint8Array[])
  }

  private ask(method: string, { args, state }: { readonly args: readonly Value[]; readonly state: State }): Value {
    const outcome = queryView(
      this.genesis,
      { contract: 'deployments', method, args },
      { context: { height: 0, epoch: 0, timeMs: 0 }, state, gasLimit: GAS_MAX },
    )
    assert(outcome.status === 'ok', `deployments.${method} answers`)
    return outcome.value
  }
}

/** Of the deployment whose contracts run in the block at `height`; undefined where nothing was ever deployed. */
export function numberInForce(height: number, starts: readonly Start[]): number | undefined {
  return starts.findLast(({ fromHeight }) => fromHeight <= height)?.number
}

const codeName = (contracts: readonly DeployedContract[]): string =>
  contracts.flatMap((each) => [each.name, each.version, each.size, ...each.parts]).join(' ')

function linked(
  contracts: readonly DeployedContract[],
  modules: readonly ContractModule[],
): ContractSet | ContractError {
  try {
    const set = loadContracts(modules.map(({ name, module }) => ({ name, bytes: module })))
    const misnamed = contracts.find(({ name, version }) => set.abi(name)?.version !== version)
    return misnamed === undefined ? set : unlinked(misnamed, 'its code is of another version')
  } catch (error) {
    if (error instanceof ContractError) return error
    throw error
  }
}

function unlinked({ name, version }: DeployedContract, reason: string): ContractError {
  return new ContractError('LINK_FAILED', `contract ${name} version ${version}`, reason)
}

/** Contracts of a genesis, as deployments name them. */
export function deployedByGenesis(
  { contracts }: Pick<Genesis, 'contracts'>,
  set: ContractSet,
): readonly DeployedContract[] {
  return contracts.map(({ name, module }) =>
    deployedContract(name, { version: set.abi(name)?.version ?? 0, bytes: module }),
  )
}
