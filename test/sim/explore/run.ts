// npm run explore: every interleaving of the pure core within bounds, with one liar among its members.

import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { pairs } from '../../../src/cli/output.ts'
import { type Exploration, explore } from './explore.ts'

interface CommandOptions {
  readonly members: number
  readonly terms: number
  readonly heights: number
  readonly states: number
  readonly json?: boolean
}

const between =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
    }
    return value
  }

const program = new Command('npm run explore --')
  .description('Walks through everything that a few honest cores and one liar can do, and looks for a fork.')
  .option('--members <number>', 'of the group, the liar among them', between(3, 4), 4)
  .option('--terms <number>', 'nobody campaigns beyond', between(1, 3), 2)
  .option('--heights <number>', 'nobody builds above', between(1, 3), 1)
  .option('--states <number>', 'stop after so many states', between(1, 100_000_000), 1_000_000)
  .option('--json', 'print the result as JSON')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run explore -- --members 4 --terms 1 --heights 2\n  npm run explore -- --members 3 --terms 2 --json',
  )
  .exitOverride()
  .action(({ json = false, ...options }: CommandOptions) => {
    const started = performance.now()
    const result = explore({
      ...options,
      statesMax: options.states,
      onProgress: (states) => process.stderr.write(`${states.toLocaleString('en')} states\n`),
    })
    const seconds = (performance.now() - started) / 1_000
    process.stdout.write(
      json ? `${JSON.stringify({ ...options, ...result, seconds })}\n` : `${describe(result, seconds)}\n`,
    )
    process.exitCode = result.fork === null ? 0 : 1
  })

function describe({ states, localStates, packets, exhausted, fork }: Exploration, seconds: number): string {
  const lines = pairs([
    ['states visited', states.toLocaleString('en')],
    ['states of one node', localStates.toLocaleString('en')],
    ['packets', packets.toLocaleString('en')],
    ['all within bounds', exhausted ? 'yes' : 'no'],
    ['seconds', seconds.toFixed(1)],
    ['fork', fork === null ? 'none' : `after ${fork.path.length} steps`],
  ])
  return [...lines, ...(fork?.path ?? []).map((step) => `  ${step}`)].join('\n')
}

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : 2
}
