// npm run bench: lists the questions, answers one or all, or compares two answers.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { pairs, progress } from '../src/cli/output.ts'
import { accountability } from './accountability.ts'
import { batch } from './batch.ts'
import { catchUp } from './catch-up.ts'
import { clause } from './clause.ts'
import { decision } from './decision.ts'
import { etcd } from './etcd.ts'
import { failover } from './failover.ts'
import { growth } from './growth.ts'
import { compareReports } from './harness/compare.ts'
import { htmlReport } from './harness/html-report.ts'
import type { BenchOptions, Question } from './harness/question.ts'
import { type BenchReport, describeReport, runQuestion } from './harness/report.ts'
import { latency } from './latency.ts'
import { micro } from './micro.ts'
import { restart } from './restart.ts'
import { saturation } from './saturation.ts'
import { scenario } from './scenario.ts'
import { soak } from './soak.ts'
import { throughput } from './throughput.ts'
import { validators } from './validators.ts'
import { wideArea } from './wide-area.ts'

const QUESTIONS: readonly Question[] = [
  saturation,
  latency,
  batch,
  scenario,
  failover,
  catchUp,
  restart,
  growth,
  decision,
  accountability,
  wideArea,
  soak,
  micro,
  etcd,
  throughput,
  validators,
  clause,
]

const SECONDS = 20
const RATES = [100, 500, 1_000]
const VALIDATORS = 4
const VALIDATOR_COUNTS = [1, 4, 7]

interface CommandOptions {
  readonly seconds?: number
  readonly workers: number
  readonly rate?: number
  readonly validators?: number
  readonly kills: number
  readonly silences: number
  readonly rounds: number
  readonly clients: number
  readonly seed: number
  readonly consents: number
  readonly blocks: number
  readonly json?: string
  readonly html?: string
  readonly profile?: string
  readonly compare?: readonly string[]
}

/** A parser of whole numbers for an option. */
const between =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
    }
    return value
  }

const program = new Command('npm run bench --')
  .description('Answers a question about the speed of Assent with figures.')
  .argument('[name]', "the question, or 'all'; without it, they are listed")
  .option('--seconds <number>', `length of a measured window (${SECONDS}; soak: 1800)`, between(1, 36_000))
  .option('--workers <number>', 'closed loads: requests under way', between(1, 4_096), 128)
  .option('--rate <number>', `open loads: requests a second (100; latency: ${RATES.join(', ')})`, between(1, 100_000))
  .option('--validators <number>', 'processes that agree (4; saturation, validators: 1, 4, 7)', between(1, 25))
  .option('--consents <number>', 'growth, decision: in the state', between(10_000, 5_000_000), 100_000)
  .option('--blocks <number>', 'restart: in the longest chain', between(1_000, 5_000_000), 10_000)
  .option('--kills <number>', 'failover: leaders killed', between(0, 10_000), 50)
  .option('--silences <number>', 'failover: leaders stopped without a word', between(0, 10_000), 50)
  .option('--rounds <number>', 'accountability: runs of each side', between(1, 100), 3)
  .option('--clients <number>', 'processes that make the load', between(1, 64), 2)
  .option('--seed <number>', 'of the choice of practitioners and patients', between(0, 2 ** 31), 1)
  .option('--json <file>', 'write question, set-up, machine, versions, figures and series as JSON; of all: a list')
  .option('--html <file>', 'write a page with plots')
  .option('--profile <folder>', 'leave CPU profiles of all processes there, and print the largest consumers')
  .option('--compare <file...>', 'two JSON reports of one question: ratios of their figures, spread of their series')
  .addHelpText(
    'after',
    `
Examples:
  npm run bench -- saturation --validators 4 --seconds 60 --json saturation.json --html saturation.html
  npm run bench -- latency --rate 500
  npm run bench -- failover --kills 10 --silences 10
  npm run bench -- throughput --profile .assent-profile
  npm run bench -- all --seconds 10 --html report.html
  npm run bench -- --compare before.json after.json`,
  )
  .exitOverride()
  .showHelpAfterError('(add --help for the accepted options)')
  .action(answer)

async function answer(name: string | undefined, options: CommandOptions): Promise<void> {
  const { compare, json, html, profile } = options
  if (compare !== undefined) {
    printComparison(compare)
    return
  }
  if (name === undefined) {
    process.stdout.write(`${pairs(QUESTIONS.map(({ name, question }) => [name, question])).join('\n')}\n`)
    return
  }
  const questions = name === 'all' ? QUESTIONS : QUESTIONS.filter((each) => each.name === name)
  if (questions.length === 0) {
    const names = QUESTIONS.map(({ name }) => name).join(', ')
    program.error(`error: no bench '${name}'; expected all, or one of ${names}`)
  }
  const profileFolder = profile === undefined ? null : resolve(profile)
  if (profileFolder !== null) mkdirSync(profileFolder, { recursive: true })
  const reports: BenchReport[] = []
  for (const [i, question] of questions.entries()) {
    if (questions.length > 1) progress(`${question.name}, ${i + 1} of ${questions.length}`)
    const answered = await runQuestion(question, benchOptions(question, { ...options, profileFolder })).catch(
      (error: unknown) => {
        // Of all questions, one that cannot be answered here does not take the others away.
        if (questions.length === 1) throw error
        process.exitCode = 1
        progress(`${question.name}: ${(error as Error).message}`)
        return null
      },
    )
    if (answered === null) continue
    reports.push(answered.report)
    process.stdout.write(`${describeReport(answered).join('\n')}\n`)
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(name === 'all' ? reports : reports[0], null, 2)}\n`)
    if (html !== undefined) writeFileSync(html, htmlReport(reports))
  }
}

function benchOptions(
  { seconds = SECONDS }: Question,
  options: CommandOptions & { readonly profileFolder: string | null },
): BenchOptions {
  const { rate, validators } = options
  return {
    ...options,
    seconds: options.seconds ?? seconds,
    rate: rate ?? (RATES[0] as number),
    rates: rate === undefined ? RATES : [rate],
    validators: validators ?? VALIDATORS,
    validatorCounts: validators === undefined ? VALIDATOR_COUNTS : [validators],
    onProgress: progress,
  }
}

function printComparison(files: readonly string[]): void {
  const [a, b, ...others] = files.map((file): BenchReport => JSON.parse(readFileSync(file, 'utf8')))
  if (a === undefined || b === undefined || others.length > 0) throw new Error('--compare: expected two files')
  process.stdout.write(`${compareReports(a, b).join('\n')}\n`)
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`bench: ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
