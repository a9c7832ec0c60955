// `governance.proposeContracts`: are these contracts, do they fit together, and may they take the place of those before?
// spec/contracts.md, "deployments".

import { ContractError } from '../contracts/errors.ts'
import type { ContractSet } from '../contracts/execute.ts'
import { checkUpgrade } from '../contracts/upgrade.ts'
import { contractsFromValue, type DeployedContract } from '../types/deployment.ts'
import type { CallCheck } from './call-check.ts'

/** Half a megabyte of code, verified and linked: a tenth of a second for 80 kB. */
const DEPLOYMENT_GAS = 150_000_000

export const deployableContracts: CallCheck = {
  contract: 'governance',
  method: 'proposeContracts',
  gas: DEPLOYMENT_GAS,
  refusal: 'NOT_DEPLOYABLE',
  holds([after, , value], { state, deployed }) {
    const contracts = contractsFromValue(value)
    const before = typeof after === 'number' ? deployed.deployment(after, state) : undefined
    if (contracts === undefined || before === undefined) return false
    const set = deployed.link(contracts, state)
    if (set instanceof ContractError) return false
    return upgradeFault({ before, set: deployed.ofDeployment(before.number, state) }, { contracts, set }) === null
  },
}

/** Why these contracts cannot follow those; null where they can. */
export function upgradeFault(
  old: { readonly before: { readonly contracts: readonly DeployedContract[] }; readonly set: ContractSet },
  next: { readonly contracts: readonly DeployedContract[]; readonly set: ContractSet },
): ContractError | null {
  for (const { name, version, parts } of next.contracts) {
    const present = old.before.contracts.find((each) => each.name === name)
    if (present === undefined || present.parts.join() === parts.join() || version > present.version) continue
    const expected = `its code changed; expected a version above ${present.version}, got ${version}`
    return new ContractError('UPGRADE_INCOMPATIBLE', `contract ${name}`, expected)
  }
  try {
    checkUpgrade(old.set, next.set)
    return null
  } catch (error) {
    if (error instanceof ContractError) return error
    throw error
  }
}
