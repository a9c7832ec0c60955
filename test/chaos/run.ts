// npm run chaos: faults on a network of real processes; a timeline, a table, and the seed of what went wrong.

import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { pairs, table } from '../../src/cli/output.ts'
import { type ChaosReport, runChaos, type TimelineEvent } from './chaos.ts'
import { FAULT_KINDS, type FaultKind } from './plan.ts'

interface CommandOptions {
  readonly minutes: number
  readonly seed: number
  readonly validators: number
  readonly clients: number
  readonly only: readonly FaultKind[]
  readonly json?: boolean
  readonly keep?: boolean
}

const between =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= least && value <= most)) {
      throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`)
    }
    return value
  }

function kindsFrom(text: string): readonly FaultKind[] {
  const names = text.split(',')
  const unknown = names.find((name) => !FAULT_KINDS.some((kind) => kind === name))
  if (unknown !== undefined) throw new InvalidArgumentError(`Expected some of ${FAULT_KINDS.join(',')}.`)
  return names as FaultKind[]
}

const program = new Command('npm run chaos --')
  .description('Breaks a network of real nodes in every way and checks that nothing acknowledged is lost.')
  .option('--minutes <number>', 'length of the load', between(0.1, 10_000), 2)
  .option('--seed <number>', 'of the plan of faults and of the load (default: by chance)', between(0, 2 ** 31 - 1))
  .option('--validators <number>', 'besides one observer', between(1, 25), 4)
  .option('--clients <number>', 'each with one request under way', between(1, 256), 8)
  .option('--only <kinds>', `faults to choose from: ${FAULT_KINDS.join(',')}`, kindsFrom, FAULT_KINDS)
  .option('--json', 'print the report as JSON')
  .option('--keep', 'keep folders, logs and history even when everything held')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run chaos -- --minutes 10\n  npm run chaos -- --minutes 1 --seed 7 --only kill,partition --keep',
  )
  .exitOverride()
  .action(async ({ only, json = false, keep = false, ...options }: CommandOptions) => {
    const { seed = Math.floor(Math.random() * 2 ** 31) } = options as Partial<CommandOptions>
    const report = await runChaos({
      ...options,
      seed,
      keep,
      kinds: only,
      onEvent: (event) => process.stderr.write(`${lineOf(event)}\n`),
    })
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${describe(report).join('\n')}\n`)
    process.exitCode = report.ok ? 0 : 1
  })

const lineOf = ({ atMs, kind, text }: TimelineEvent): string =>
  `${(atMs / 1_000).toFixed(1).padStart(7)} s  ${kind.padEnd(9)}  ${text}`

function describe({ seed, validators, minutes, faults, requests, checks, folder }: ChaosReport): readonly string[] {
  const { acknowledged, unknown, longestSilenceMs } = requests
  return [
    '',
    ...table(
      ['fault', 'times'],
      faults.map(({ kind, count }) => [kind, count]),
    ),
    '',
    ...pairs([
      ['acknowledged', acknowledged],
      ['client not told', unknown],
      ['longest silence', `${longestSilenceMs} ms`],
    ]),
    '',
    ...checks.map(({ name, ok, detail }) => `${ok ? '✓' : '✗'} ${name}${detail === '' ? '' : `: ${detail}`}`),
    '',
    `seed ${seed}, ${validators} validators, ${minutes} min`,
    ...(folder === null ? [] : [`folders, logs and history: ${folder}`]),
  ]
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`chaos: ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
