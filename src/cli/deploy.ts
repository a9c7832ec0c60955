// assent governance contracts, deploy: which contracts run, and the proposal that others do.

import type { Command } from 'commander'
import { BUILT_IN_NAMES } from '../contracts/builtin/names.ts'
import { compile } from '../contracts/lang/compile.ts'
import { builtInSource } from '../node/built-in-contracts.ts'
import type { ContractModule } from '../types/genesis.ts'
import { contractName, readSource, reportingMistakes, withUsed } from './clause-sources.ts'
import { addNodeOptions, connectTo, type NodeOptions } from './connection.ts'
import {
  codeInWords,
  type DeploymentAnswer,
  deploymentsOf,
  missingParts,
  modulesOf,
  upgraded,
} from './deployed-contracts.ts'
import { wholeNumber } from './option-values.ts'
import { counted, print, progress, table, UsageError } from './output.ts'
import { type DecisionOptions, noChange, propose, voterAt } from './proposals.ts'
import { submitCall } from './submit.ts'

export function addContracts(governance: Command): void {
  addNodeOptions(
    governance.command('contracts').description('which contracts run, from which height on, and what is to come'),
  )
    .addHelpText('after', '\nExample:\n  assent governance contracts --folder hospital-a')
    .action(async (options: NodeOptions) => {
      const { client } = connectTo(options)
      const { height } = await client.nodeStatus()
      const deployments = await deploymentsOf(client)
      const inForce = deployments.findLast(({ fromHeight }) => fromHeight <= height + 1) as DeploymentAnswer
      const next = deployments.find(({ number }) => number > inForce.number) ?? null
      print(
        { inForce, next },
        () => [...deploymentRows(inForce), ...(next === null ? [] : ['', ...deploymentRows(next, height)])],
        options,
      )
    })
}

function deploymentRows(
  { number, fromHeight, contracts, proposal }: DeploymentAnswer,
  height?: number,
): readonly string[] {
  const by = proposal === null ? 'of the genesis' : `by proposal ${proposal}`
  const when =
    height === undefined
      ? `in force from height ${fromHeight} on`
      : `from height ${fromHeight} on, in ${counted(fromHeight - height, 'block')}`
  return [
    `Deployment ${number}, ${by}, ${when}`,
    '',
    ...table(
      ['contract', 'version', 'bytes', 'code'],
      contracts.map(({ name, version, size, parts }) => [name, version, size, codeInWords(parts)]),
    ),
  ]
}

interface DeployOptions extends DecisionOptions {
  readonly from: string
  readonly builtIn?: boolean
}

export function addDeploy(governance: Command): void {
  addNodeOptions(
    governance
      .command('deploy')
      .description('propose that other contracts run from a height on: new ones, or new versions of present ones')
      .argument('[file...]', 'contracts, *.clause')
      .requiredOption('--from <height>', 'the first block that runs them')
      .option('--built-in', 'the contracts of this release, where they differ from those that run')
      .option('--yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      `
Example:
  assent governance deploy visits.clause --from 250000 --folder hospital-a
Their code is uploaded first, then proposed. Contracts that run and are not given stay as they are. An upgrade keeps state,
calls and events of what it replaces (spec/clause.md, "Upgrades").`,
    )
    .action(async (files: readonly string[], { from, builtIn, ...options }: DeployOptions) => {
      const fromHeight = wholeNumber(from, { option: '--from', min: 1 })
      if ((files.length === 0) === !builtIn) throw new UsageError('expected contracts, or --built-in; not both')
      const given = reportingMistakes(options, () => compiled(files))
      if (given === undefined) return
      const voter = await voterAt(options)
      const { client, genesis } = voter
      const newest = (await deploymentsOf(client)).at(-1) as DeploymentAnswer
      const present = await modulesOf(newest.contracts, { client, genesis: genesis.genesis })
      const proposed = upgraded({ contracts: newest.contracts, modules: present }, given)
      if (proposed.contracts.every(({ parts }, i) => parts.join() === newest.contracts[i]?.parts.join())) {
        throw new UsageError(`nothing changes: deployment ${newest.number} has these contracts`)
      }
      const { contracts } = proposed
      const upload = async (): Promise<void> => {
        const missing = await missingParts(proposed, { client, present })
        for (const [i, words] of missing.entries()) {
          progress(`uploading code: part ${i + 1} of ${missing.length}`)
          await submitCall(
            { contract: 'deployments', method: 'upload', args: { words: words.map((word) => word.toHex()) } },
            voter,
          )
        }
      }
      await propose(
        { ...noChange, kind: 'deployContracts', fromHeight, deployment: { after: newest.number, contracts } },
        { method: 'proposeContracts', args: { after: newest.number, fromHeight, contracts }, before: upload },
        { voter, options },
      )
    })
}

/** Given contracts; of those of this release, all. */
function compiled(files: readonly string[]): readonly ContractModule[] {
  const sources = files.map(readSource)
  const names = files.length === 0 ? BUILT_IN_NAMES : sources.map(contractName)
  const all = files.length === 0 ? BUILT_IN_NAMES.map(builtInSource) : withUsed(sources, '.')
  return compile(all).flatMap(({ name, bytes }) =>
    (names as readonly string[]).includes(name) ? [{ name, module: bytes }] : [],
  )
}
