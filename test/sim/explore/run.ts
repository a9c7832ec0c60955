// npm run explore: every interleaving of the pure core within bounds, with one liar among its members.

import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { installHooks } from '../hooks.ts'
import { PLANTS } from '../plants/menu.ts'
import type { Plant } from '../plants/plant.ts'
import type { Exploration } from './explore.ts'

interface CommandOptions {
  readonly members: number
  readonly terms: number
  readonly heights: number
  readonly states: number
  readonly plant: Plant | null
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

function plantNamed(name: string): Plant {
  const plant = PLANTS.find((candidate) => candidate.name === name)
  if (plant !== undefined) return plant
  throw new InvalidArgumentError(`Expected one of ${PLANTS.map((candidate) => candidate.name).join(', ')}.`)
}

const program = new Command('npm run explore --')
  .description('Walks through everything that a few honest cores and one liar can do, and looks for a fork.')
  .option('--members <number>', 'of the group, the liar among them', between(3, 4), 4)
  .option('--terms <number>', 'nobody campaigns beyond', between(1, 3), 2)
  .option('--heights <number>', 'nobody builds above', between(1, 3), 1)
  .option('--states <number>', 'stop after so many states', between(1, 100_000_000), 1_000_000)
  .option('--plant <name>', 'take a protection out: a fork must be found', plantNamed, null)
  .option('--json', 'print the result as JSON')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run explore -- --members 4 --terms 1 --heights 2\n  npm run explore -- --heights 2 --plant r3-last-ack',
  )
  .exitOverride()
  .action(async ({ json = false, plant, ...options }: CommandOptions) => {
    // Before anything that it changes is loaded.
    installHooks(plant)
    const { explore } = await import('./explore.ts')
    const { pairs } = await import('../../../src/cli/output.ts')
    const started = performance.now()
    const result = explore({
      ...options,
      statesMax: options.states,
      onProgress: (states) => process.stderr.write(`${states.toLocaleString('en')} states\n`),
    })
    const seconds = (performance.now() - started) / 1_000
    process.stdout.write(
      json
        ? `${JSON.stringify({ ...options, ...result, seconds })}\n`
        : `${pairs(factsOf(result, seconds))
            .concat(result.fork?.path ?? [])
            .join('\n')}\n`,
    )
    process.exitCode = isAsClaimed(result, { plant, members: options.members }) ? 0 : 1
  })

/** Four bear one liar. Three bear none: it may fork them, and is found out. With a protection taken out a fork must turn up. */
function isAsClaimed({ fork }: Exploration, { plant, members }: { plant: Plant | null; members: number }): boolean {
  if (plant !== null) return fork !== null
  return fork === null || (members === 3 && fork.guilty.join() === '2')
}

function factsOf({ states, localStates, packets, exhausted, fork }: Exploration, seconds: number): [string, string][] {
  return [
    ['states visited', states.toLocaleString('en')],
    ['states of one node', localStates.toLocaleString('en')],
    ['packets', packets.toLocaleString('en')],
    ['all within bounds', exhausted ? 'yes' : 'no'],
    ['seconds', seconds.toFixed(1)],
    ['fork', fork === null ? 'none' : `after ${fork.path.length} steps`],
    ['proven liars', fork?.guilty.join(', ') ?? '-'],
  ]
}

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : 2
}
