// assent clause run: one entry of a contract, on arguments and state given as JSON.

import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Abi, argumentsFromJson, eventToJson, findEntry, type Json, valueToJson } from '../contracts/abi.ts'
import {
  type CallOutcome,
  type ContractSet,
  contractSet,
  executeCall,
  queryView,
  runFilter,
} from '../contracts/execute.ts'
import { compileForTools } from '../contracts/lang/compile.ts'
import { MemoryState } from '../contracts/memory-state.ts'
import { stateFromJson, stateToJson } from '../contracts/state-json.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { TRANSACTION_GAS_MAX } from '../types/limits.ts'
import { contractFrom, contractName, reportingMistakes, withUsed } from './clause-sources.ts'
import { fileJson } from './option-values.ts'
import { print, UsageError } from './output.ts'

interface RunOptions {
  readonly args?: string
  readonly state?: string
  readonly saveState?: string
  readonly sender: string
  readonly at: string
  readonly height: string
  readonly json?: boolean
}

const NOBODY = '0'.repeat(64)

export function addClauseRun(clause: Command): void {
  clause
    .command('run')
    .description('run one action, view or filter of a contract without a ledger')
    .argument('<file>', 'the contract, *.clause, or the name of a built-in one')
    .argument('<entry>', 'the action, view or filter')
    .option('--args <json>', 'its arguments by name, as JSON or @FILE', '{}')
    .option('--state <file>', 'the state before, as --save-state writes it; without it, nothing is there')
    .option('--save-state <file>', 'write the state behind an action there')
    .option('--sender <id>', 'who signs an action', NOBODY)
    .option('--at <instant>', 'time of the block', '2026-01-05T08:00:00Z')
    .option('--height <number>', 'height of the block; at 0 genesis actions may be called', '1')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Example:
  assent clause run policy establish --height 0 --save-state state.json
  assent clause run policy covers --state state.json --args '{"granted": "TREAT", "asked": "ETREAT"}'`,
    )
    .action((file: string, entry: string, options: RunOptions) => {
      reportingMistakes(options, () => runEntry(file, entry, options))
    })
}

function runEntry(file: string, method: string, options: RunOptions): void {
  const source = contractFrom(file)
  const contracts = contractSet(compileForTools(withUsed([source], '.')).loaded)
  const contract = contractName(source)
  const abis = contracts.names.map((name) => contracts.abi(name) as Abi)
  const abi = contracts.abi(contract) as Abi
  const { returns } = findEntry(abi, method)
  const state =
    options.state === undefined ? new MemoryState() : stateFromJson(abis, fileJson(options.state, '--state') as Json)
  const args = argumentsFromJson(abi, method, argumentsOf(options.args ?? '{}'))
  const outcome = perform(contracts, { contract, method, args }, { state, options })
  if (outcome.status === 'refused') {
    const meaning = abis.flatMap(({ refusals }) => refusals).find(({ code }) => code === outcome.code)?.meaning
    const detail = outcome.detail === undefined ? '' : ` about ${outcome.detail}`
    print({ ...outcome, meaning }, () => `refused: ${outcome.code}${detail}${meaning ? `\n${meaning}` : ''}`, options)
    process.exitCode = 1
    return
  }
  if (options.saveState !== undefined) {
    writeFileSync(options.saveState, `${JSON.stringify(stateToJson(abis, state), null, 2)}\n`)
  }
  const value = returns === null ? null : valueToJson(returns, outcome.value)
  const events = outcome.events.map((event) => ({
    event: `${event.contract}.${event.name}`,
    fields: eventToJson(contracts.abi(event.contract) as Abi, event),
  }))
  const gasMax = contracts.gasMax(contract, method)
  print(
    { status: outcome.status, value, events, gas: outcome.gas, gasMax },
    () => [
      JSON.stringify(value, null, 2),
      ...events.map(({ event, fields }) => `emitted ${event} ${JSON.stringify(fields)}`),
      `gas ${outcome.gas}, at most ${gasMax}`,
    ],
    options,
  )
}

function argumentsOf(text: string): Json {
  if (text.startsWith('@')) return fileJson(text.slice(1), '--args') as Json
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new UsageError('--args: expected JSON, or @ and the name of a file')
  }
}

function perform(
  contracts: ContractSet,
  call: {
    readonly contract: string
    readonly method: string
    readonly args: Parameters<typeof executeCall>[1]['args']
  },
  { state, options }: { readonly state: MemoryState; readonly options: RunOptions },
): CallOutcome {
  const timeMs = Date.parse(options.at)
  const height = Number(options.height)
  if (!Number.isSafeInteger(timeMs)) throw new UsageError('--at: expected an instant such as 2026-01-05T08:00:00Z')
  if (!Number.isSafeInteger(height) || height < 0) throw new UsageError('--height: expected a number from 0')
  if (!/^[0-9a-f]{64}$/.test(options.sender)) throw new UsageError('--sender: expected 64 lowercase hex characters')
  const block = { timeMs, height, epoch: 0 }
  const { kind } = findEntry(contracts.abi(call.contract) as Abi, call.method)
  if (kind === 'filter') return runFilter(contracts, call, { state })
  if (kind === 'view') return queryView(contracts, call, { context: block, state, gasLimit: TRANSACTION_GAS_MAX })
  const context = {
    ...block,
    sender: options.sender as IdentityId,
    transactionId: NOBODY as Hash,
    callIndex: 0,
    genesis: height === 0,
  }
  return executeCall(contracts, call, { context, state, gasLimit: TRANSACTION_GAS_MAX })
}
