// npm run bench: lists the questions, or answers one.

import { mkdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { pairs, progress } from '../src/cli/output.ts'
import { accountability } from './accountability.ts'
import { batch } from './batch.ts'
import { clause } from './clause.ts'
import { failover } from './failover.ts'
import type { BenchOptions, Question } from './harness/question.ts'
import { describeReport, runQuestion } from './harness/report.ts'
import { latency } from './latency.ts'
import { throughput } from './throughput.ts'
import { validators } from './validators.ts'

const QUESTIONS: readonly Question[] = [throughput, latency, batch, failover, accountability, validators, clause]

interface CommandOptions extends Omit<BenchOptions, 'profileFolder' | 'onProgress'> {
  readonly json?: string
  readonly profile?: string
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
  .description('Answers one question about the speed of Assent with figures.')
  .argument('[name]', 'the question; without it, they are listed')
  .option('--seconds <number>', 'length of the measured window', between(1, 3_600), 20)
  .option('--workers <number>', 'throughput: requests under way', between(1, 4_096), 128)
  .option('--rate <number>', 'latency, validators: requests a second', between(1, 100_000), 100)
  .option('--validators <number>', 'processes that agree; failover needs at least 4', between(1, 25), 4)
  .option('--kills <number>', 'failover: leaders killed', between(0, 10_000), 50)
  .option('--silences <number>', 'failover: leaders stopped without a word', between(0, 10_000), 50)
  .option('--rounds <number>', 'accountability: runs of each side', between(1, 100), 3)
  .option('--clients <number>', 'processes that make the load', between(1, 64), 2)
  .option('--seed <number>', 'of the choice of practitioners and patients', between(0, 2 ** 31), 1)
  .option('--json <file>', 'write question, set-up, machine, versions, figures and series as JSON')
  .option('--profile <folder>', 'leave CPU profiles of all processes there, and print the largest consumers')
  .addHelpText(
    'after',
    `
Examples:
  npm run bench -- throughput --seconds 30 --json throughput.json
  npm run bench -- latency --rate 500
  npm run bench -- failover --kills 10 --silences 10
  npm run bench -- throughput --profile .assent-profile`,
  )
  .exitOverride()
  .showHelpAfterError('(add --help for the accepted options)')
  .action(answer)

async function answer(name: string | undefined, { json, profile, ...options }: CommandOptions): Promise<void> {
  if (name === undefined) {
    process.stdout.write(`${pairs(QUESTIONS.map(({ name, question }) => [name, question])).join('\n')}\n`)
    return
  }
  const question = QUESTIONS.find((each) => each.name === name)
  if (question === undefined) {
    return program.error(`error: no bench '${name}'; expected one of ${QUESTIONS.map(({ name }) => name).join(', ')}`)
  }
  const profileFolder = profile === undefined ? null : resolve(profile)
  if (profileFolder !== null) mkdirSync(profileFolder, { recursive: true })
  const answered = await runQuestion(question, { ...options, profileFolder, onProgress: progress })
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(answered.report, null, 2)}\n`)
  process.stdout.write(`${describeReport(answered).join('\n')}\n`)
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
