// What accountability costs: the same code, once as it is and once with consensus taken at its word, in turns, so that
// whatever else the machine does falls on both alike.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setupOf } from './harness/access-load.ts'
import type { BenchOptions, Figures, Group, Question } from './harness/question.ts'

const PROGRAM = fileURLToPath(new URL('./run.ts', import.meta.url))
const PLAIN_MODE = new URL('./harness/plain-mode.ts', import.meta.url).href
const MODES = ['accountable', 'plain'] as const
type Mode = (typeof MODES)[number]

const run = promisify(execFile)

/** One bench run in processes of its own. */
interface Sample {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

export const accountability: Question = {
  name: 'accountability',
  question: 'What do signed headers, votes and acks cost, in throughput and in latency?',
  async run(options) {
    const { rounds, seconds, workers, rate, onProgress } = options
    const throughput: Record<Mode, Sample[]> = { accountable: [], plain: [] }
    const latency: Record<Mode, Sample[]> = { accountable: [], plain: [] }
    for (let round = 0; round < rounds; round++) {
      // The other side begins every other time: what drifts over the rounds favours nobody.
      for (const mode of round % 2 === 0 ? MODES : MODES.toReversed()) {
        onProgress(`round ${round + 1} of ${rounds}, ${mode}`)
        throughput[mode].push(await measure('throughput', mode, options))
        latency[mode].push(await measure('latency', mode, options))
      }
    }
    const ratios = throughput.accountable.map(({ perSecond }, i) => perSecond / (throughput.plain[i]?.perSecond ?? 0))
    const lost = ratios.map((ratio) => round((1 - ratio) * 100))
    return {
      setup: `${setupOf(options)}; ${rounds} rounds of ${seconds} s, each side begins every other one; throughput under a closed load of ${workers} requests, latency under an open load of ${rate} a second. Plain: headers, acks, votes and promises carry one constant signature that is neither computed nor checked, by nodes and by clients alike, so certificates prove nothing. The same in both: their fields and their place on disk and wire, the count of a quorum, hash links, sign-state synced before an ack, re-execution by followers, every transaction's signature`,
      figures: {
        lessThroughputPercent: spread(lost),
        accountableTransactionsPerSecond: spread(throughput.accountable.map(({ perSecond }) => perSecond)),
        plainTransactionsPerSecond: spread(throughput.plain.map(({ perSecond }) => perSecond)),
        accountableP50Ms: spread(latency.accountable.map(({ p50 }) => p50)),
        plainP50Ms: spread(latency.plain.map(({ p50 }) => p50)),
        accountableP99Ms: spread(latency.accountable.map(({ p99 }) => p99)),
        plainP99Ms: spread(latency.plain.map(({ p99 }) => p99)),
      },
      series: MODES.map((mode) => ({
        name: `throughput by round, ${mode}`,
        unit: '1/s',
        points: throughput[mode].map(({ perSecond }, i) => [i, perSecond] as const),
      })),
    }
  },
}

async function measure(name: 'throughput' | 'latency', mode: Mode, options: BenchOptions): Promise<Sample> {
  const folder = mkdtempSync(join(tmpdir(), 'assent-bench-'))
  const json = join(folder, 'report.json')
  const { seconds, seed, validators, workers, rate, clients } = options
  const numbers = { seconds, seed, validators, workers, rate, clients }
  const args = Object.entries(numbers).flatMap(([option, value]) => [`--${option}`, String(value)])
  // Nodes and clients are its children and have its environment.
  const env = mode === 'plain' ? { ...process.env, NODE_OPTIONS: `--import=${PLAIN_MODE}` } : process.env
  try {
    await run(process.execPath, [PROGRAM, name, ...args, '--json', json], { env })
    const { figures } = JSON.parse(readFileSync(json, 'utf8')) as { figures: Figures }
    if (name === 'latency') {
      const [{ keptPerSecond = 0, p50Ms = 0, p99Ms = 0 } = {}] = figures.rates as readonly Group[]
      return { perSecond: keptPerSecond, p50: p50Ms, p99: p99Ms }
    }
    const { p50 = 0, p99 = 0 } = figures.latencyMs as Group
    return { perSecond: figures.transactionsPerSecond as number, p50, p99 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function spread(values: readonly number[]): { median: number; least: number; most: number } {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = ((sorted[middle] ?? 0) + (sorted[(sorted.length - 1) >> 1] ?? 0)) / 2
  return { median: round(median), least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 }
}

const round = (value: number): number => Math.round(value * 10) / 10
