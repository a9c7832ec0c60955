// The contracts that run on a chain, with their code, as a node answers: code is checked by its hashes. And what would become
// of them with other ones in their place. spec/contracts.md, "deployments".

import * as z from 'zod'
import type { Client } from '../client/client.ts'
import { ContractError } from '../contracts/errors.ts'
import { type ContractSet, loadContracts } from '../contracts/execute.ts'
import { decodeModule } from '../contracts/vm/module.ts'
import { deployedByGenesis } from '../ledger/contracts-in-force.ts'
import { upgradeFault } from '../ledger/deployment-call.ts'
import type { Hash } from '../types/brand.ts'
import { type DeployedContract, moduleFrom, partsOf } from '../types/deployment.ts'
import type { ContractModule, Genesis } from '../types/genesis.ts'
import { ask, deployedSchema, hash } from './governance-answers.ts'
import { counted, shortId, table, UsageError } from './output.ts'

/** `deployments.Deployment` */
const deploymentSchema = z.object({
  number: z.int(),
  fromHeight: z.int(),
  contracts: z.array(deployedSchema),
  proposal: z.int().nullable(),
})
export type DeploymentAnswer = z.output<typeof deploymentSchema>

const startsSchema = z.array(z.object({ number: z.int(), fromHeight: z.int() }))

/** The one in force and the one to come, oldest first. Throws UsageError where the genesis brought no way to deploy any. */
export async function deploymentsOf(client: Client): Promise<readonly DeploymentAnswer[]> {
  const starts = await ask(client, { contract: 'deployments', method: 'starts' }, startsSchema)
  if (starts.length === 0) throw new UsageError('this chain has the contracts of its genesis for ever')
  return Promise.all(starts.map(({ number }) => deployment(number, client)))
}

export function deployment(number: number, client: Client): Promise<DeploymentAnswer> {
  return ask(client, { contract: 'deployments', method: 'deployment', args: { number } }, deploymentSchema)
}

/** Code by its parts: from the genesis, else from the node, which cannot make up any. */
export async function modulesOf(
  contracts: readonly DeployedContract[],
  { client, genesis }: { readonly client: Client; readonly genesis: Pick<Genesis, 'contracts'> },
): Promise<readonly ContractModule[]> {
  const known = new Map(
    genesis.contracts.flatMap(({ module }) => partsOf(module).map(({ hash: part, words }) => [part, words] as const)),
  )
  for (const part of contracts.flatMap(({ parts }) => parts)) {
    if (known.has(part)) continue
    const words = await ask(
      client,
      { contract: 'deployments', method: 'codeOf', args: { part } },
      z.array(hash).nullable(),
    )
    if (words !== null)
      known.set(
        part,
        words.map((word) => Uint8Array.fromHex(word)),
      )
  }
  return contracts.map((contract) => {
    const module = moduleFrom(contract, (part) => known.get(part))
    const isTrue = module !== undefined && partsOf(module).every(({ hash: part }, i) => part === contract.parts[i])
    if (!isTrue) throw new UsageError(`contract ${contract.name}: the node has no such code; ask another one`)
    return { name: contract.name, module }
  })
}

export const linked = (modules: readonly ContractModule[]): ContractSet =>
  loadContracts(modules.map(({ name, module }) => ({ name, bytes: module })))

/** What is proposed to run, with its code. */
export interface Proposed {
  readonly contracts: readonly DeployedContract[]
  readonly modules: readonly ContractModule[]
}

/** Present contracts with some replaced and some added. Throws UsageError where they do not fit together, or no upgrade is. */
export function upgraded(
  before: { readonly contracts: readonly DeployedContract[]; readonly modules: readonly ContractModule[] },
  given: readonly ContractModule[],
): Proposed {
  const modules = inOrderOfUse([
    ...before.modules.map((old) => given.find(({ name }) => name === old.name) ?? old),
    ...given.filter(({ name }) => before.modules.every((old) => old.name !== name)),
  ])
  try {
    const set = linked(modules)
    const contracts = deployedByGenesis({ contracts: modules }, set)
    const fault = upgradeFault({ before, set: linked(before.modules) }, { contracts, set })
    if (fault !== null) throw fault
    return { contracts, modules }
  } catch (error) {
    if (error instanceof ContractError) throw new UsageError(`not deployable: ${error.message}`)
    throw error
  }
}

/** As they stand, but each after those that it uses. */
function inOrderOfUse(modules: readonly ContractModule[]): readonly ContractModule[] {
  const placed: ContractModule[] = []
  const seen = new Set<ContractModule>()
  const place = (module: ContractModule): void => {
    if (seen.has(module)) return
    seen.add(module)
    const { uses } = decodeModule(module.module)
    for (const each of modules) if (uses.includes(each.name)) place(each)
    placed.push(module)
  }
  modules.forEach(place)
  return placed
}

/** Contract by contract: version and code before and after. */
export function upgradeTable(
  before: readonly DeployedContract[],
  after: readonly DeployedContract[],
): readonly string[] {
  const changed = after.filter(({ name, parts }) => {
    const old = before.find((each) => each.name === name)
    return old?.parts.join() !== parts.join()
  })
  const rows = changed.map(({ name, version, size, parts }) => {
    const old = before.find((each) => each.name === name)
    return [name, old === undefined ? 'new' : old.version, version, size, codeInWords(parts)]
  })
  const unchanged = counted(after.length - changed.length, 'contract')
  return [...table(['contract', 'now', 'then', 'bytes', 'code'], rows), '', `${unchanged} as before`]
}

/** What people compare: the code's hashes, shortened. */
export const codeInWords = (parts: readonly Hash[]): string => parts.map(shortId).join(' ')

/** Parts that the node does not have yet. */
export async function missingParts(
  { modules }: Proposed,
  { client, present }: { readonly client: Client; readonly present: readonly ContractModule[] },
): Promise<readonly (readonly Uint8Array[])[]> {
  const known = new Set(present.flatMap(({ module }) => partsOf(module).map(({ hash: part }) => part)))
  const missing: (readonly Uint8Array[])[] = []
  for (const { hash: part, words } of modules.flatMap(({ module }) => partsOf(module))) {
    if (known.has(part)) continue
    const found = await ask(
      client,
      { contract: 'deployments', method: 'codeOf', args: { part } },
      z.array(hash).nullable(),
    )
    if (found === null) missing.push(words)
  }
  return missing
}
