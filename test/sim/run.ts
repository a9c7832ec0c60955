// npm run sim: seeds of the simulator, with or without a plant.

import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { AIMS, type AimName } from './aims.ts'
import { runCampaign } from './campaign.ts'
import { Coverage } from './coverage.ts'
import { installHooks } from './hooks.ts'
import type { Aim } from './plan.ts'
import { PLANTS } from './plants/menu.ts'
import type { Plant } from './plants/plant.ts'
import { describeViolation, progress, table } from './report.ts'

interface CommandOptions {
  readonly seeds: number
  readonly from: number
  readonly seed?: number
  readonly trace?: true
  readonly plant?: string
  readonly plants?: true
  readonly aim?: AimName
  readonly workers: number
  readonly report?: string
  readonly json?: true
}

const EXIT_VIOLATED = 1
const EXIT_USAGE = 2
const PLANT_SEEDS = 2_000

const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} on.`)
    }
    return value
  }

const oneOf =
  <T extends string>(names: readonly T[]) =>
  (text: string): T => {
    const name = names.find((each) => each === text)
    if (name === undefined) throw new InvalidArgumentError(`Expected one of ${names.join(', ')}.`)
    return name
  }

const program = new Command('npm run sim --')
  .description(
    'Runs whole nodes under virtual time with seeded faults and liars, and checks the invariants after every step.',
  )
  .option('--seeds <number>', 'how many seeds to run', whole(1), 100)
  .option('--from <seed>', 'the first of them', whole(0), 1)
  .option('--seed <seed>', 'runs this one only, in this process', whole(0))
  .option('--trace', 'with --seed: prints what happens while it happens')
  .option('--plant <name>', 'takes one protection out, and must be violated', oneOf(PLANTS.map(({ name }) => name)))
  .option('--plants', `all plants, at most ${PLANT_SEEDS} seeds each, and a table of what caught them`)
  .option('--aim <name>', 'what the runs are aimed at; with a plant its own', oneOf(Object.keys(AIMS) as AimName[]))
  .option('--workers <number>', 'processes', whole(1), availableParallelism())
  .option('--report <file>', 'writes figures, coverage and a violation as JSON')
  .option('--json', 'prints the report as JSON')
  .addHelpText(
    'after',
    `
Exit code 0: no violation (with --plants: every plant was caught); 1: a violation (or a plant that was not); 2: bad usage.

Examples:
  npm run sim -- --seeds 10000 --report sim.json
  npm run sim -- --seed 4711 --trace
  npm run sim -- --plant r3-last-ack --seeds 2000
  npm run sim -- --plants
  npm run sim -- --aim equivocation --seeds 500`,
  )
  .exitOverride()
  .showHelpAfterError('(add --help for the accepted options)')
  .action(main)

async function main(options: CommandOptions): Promise<void> {
  if (options.plants) await runPlants(options)
  else if (options.seed !== undefined) await replay(options, options.seed)
  else await runSeeds(options)
}

const plantOf = ({ plant }: CommandOptions): Plant | null => PLANTS.find(({ name }) => name === plant) ?? null

/** A plant's runs are aimed at it. */
function aimOf(options: CommandOptions): { aim: Aim; name: AimName | null } {
  const name = options.aim ?? plantOf(options)?.aim ?? null
  return { name, aim: name === null ? {} : AIMS[name] }
}

async function replay(options: CommandOptions, seed: number): Promise<void> {
  installHooks(plantOf(options))
  const { simulate } = await import('./simulate.ts')
  const { describeLine } = await import('./trace.ts')
  const onLine =
    options.trace && !options.json
      ? { onLine: (line: Parameters<typeof describeLine>[0]) => print(describeLine(line)) }
      : {}
  const outcome = await simulate({ seed, aim: aimOf(options).aim, ...onLine })
  if (options.report !== undefined) writeFileSync(options.report, `${JSON.stringify(outcome, null, 2)}\n`)
  if (options.json) print(JSON.stringify(outcome, null, 2))
  else if (outcome.violation !== null) print(describeViolation(outcome, options.trace ? [] : outcome.story))
  else
    print(
      `seed ${seed}: no violation; ${outcome.blocks} blocks, ${outcome.transactions} transactions, trace hash ${outcome.hash}`,
    )
  if (outcome.violation !== null) process.exitCode = EXIT_VIOLATED
}

async function runSeeds(options: CommandOptions): Promise<void> {
  const { seeds, from, workers, plant = null } = options
  const { aim, name } = aimOf(options)
  const coverage = new Coverage()
  const say = progress(options.json ? null : `${seeds} seeds`)
  const result = await runCampaign({
    from,
    seeds,
    workers,
    aim,
    plant,
    onOutcome: (outcome) => {
      coverage.add(outcome)
      say(coverage.line(seeds))
    },
  })
  say(null)
  const { violated } = result
  const replayCommand =
    violated === null ? null : commandFor(violated.seed, { plant, aim: options.aim === undefined ? null : name })
  const report = { ...coverage.figures(), plant, aim: name, from, violated, replay: replayCommand }
  if (options.report !== undefined) writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`)
  if (options.json) print(JSON.stringify(report, null, 2))
  else {
    if (violated !== null)
      print(`${describeViolation(violated, violated.story)}\n\nTo see it again:\n  ${replayCommand}\n`)
    print(coverage.describe())
  }
  if (violated !== null) process.exitCode = EXIT_VIOLATED
}

async function runPlants(options: CommandOptions): Promise<void> {
  const rows: string[][] = []
  for (const plant of PLANTS) {
    const say = progress(options.json ? null : plant.name)
    const startMs = performance.now()
    let done = 0
    const { violated, seedsRun } = await runCampaign({
      from: options.from,
      seeds: PLANT_SEEDS,
      workers: options.workers,
      aim: AIMS[plant.aim],
      plant: plant.name,
      onOutcome: () => say(`${++done} seeds`),
    })
    say(null)
    const seconds = Math.round((performance.now() - startMs) / 1_000)
    const caught = violated?.violation?.invariant ?? 'NOT CAUGHT'
    rows.push([plant.name, plant.aim, String(seedsRun), `${seconds} s`, caught, plant.what])
    if (violated === null) process.exitCode = EXIT_VIOLATED
  }
  const heads = ['plant', 'aimed at', 'seeds needed', 'time', 'caught by', 'protection taken out']
  if (options.report !== undefined) writeFileSync(options.report, `${JSON.stringify({ heads, rows }, null, 2)}\n`)
  print(options.json ? JSON.stringify({ heads, rows }, null, 2) : table(heads, rows))
}

function commandFor(seed: number, { plant, aim }: { plant: string | null; aim: string | null }): string {
  const parts = [`--seed ${seed} --trace`]
  if (plant !== null) parts.push(`--plant ${plant}`)
  if (aim !== null) parts.push(`--aim ${aim}`)
  return `npm run sim -- ${parts.join(' ')}`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE
}
