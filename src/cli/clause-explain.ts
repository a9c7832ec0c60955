// assent clause explain: the rule of an entry in sentences, and what it costs at most.

import type { Command } from 'commander'
import { type ContractSet, contractSet } from '../contracts/execute.ts'
import { compileForTools } from '../contracts/lang/compile.ts'
import { type ExplainedRule, type Explanation, explain } from '../contracts/lang/explain.ts'
import { contractFrom, contractName, reportingMistakes, withUsed } from './clause-sources.ts'
import { print, UsageError } from './output.ts'

export function addClauseExplain(clause: Command): void {
  clause
    .command('explain')
    .description('say in sentences what an entry does, whom it refuses and why, and what it costs at most')
    .argument('<file>', 'the contract, *.clause, or the name of a built-in one')
    .argument('<entry>', 'the action, view, filter or function')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent clause explain consent revoke')
    .action((file: string, entry: string, options: { readonly json?: boolean }) => {
      reportingMistakes(options, () => {
        const source = contractFrom(file)
        const contracts = contractSet(compileForTools(withUsed([source], '.')).loaded)
        const explanation = explain(source, entry)
        if (explanation === undefined) throw new UsageError(noEntry(contracts, contractName(source), entry))
        const gasMax = contracts.gasMax(explanation.contract, entry) ?? null
        print({ ...explanation, gasMax }, () => describe(explanation, gasMax), options)
      })
    })
}

function noEntry(contracts: ContractSet, contract: string, entry: string): string {
  const names = contracts.abi(contract)?.entries.map(({ name }) => name) ?? []
  return `${contract} has no ${entry}; expected one of ${names.join(', ')}`
}

function describe({ contract, entry, rules }: Explanation, gasMax: number | null): readonly string[] {
  return [
    ...describeRule(entry, `${contract}.${entry.name}`),
    ...(gasMax === null ? [] : ['', `Gas: at most ${gasMax.toLocaleString('en')}.`]),
    ...rules.flatMap((rule) => ['', ...describeRule(rule, rule.name)]),
  ]
}

function describeRule({ kind, comment, takes, gives, steps }: ExplainedRule, name: string): readonly string[] {
  return [
    `${name} (${kind})`,
    ...comment.map((line) => `  ${line}`),
    `  Takes ${takes.join(', ') || 'nothing'}.${gives === null ? '' : ` Gives ${gives}.`}`,
    '',
    ...numbered(steps),
  ]
}

/** Steps that depend on nothing get a number. */
function numbered(steps: readonly string[]): readonly string[] {
  let number = 0
  return steps.map((step) => (step.startsWith(' ') ? `      ${step}` : `  ${String(++number).padStart(2)}. ${step}`))
}
