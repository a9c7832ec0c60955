// The highest arrival rate that is kept, found by steps, and what happens at twice that rate: latency against throughput, and
// whether the consortium keeps its pace and recovers.

import { type AccessLoad, measureAccess, round, setupOf, withNetwork } from './harness/access-load.ts'
import type { Network } from './harness/network.ts'
import { peersOf } from './harness/peers.ts'
import type { BenchOptions, Group, Question, Series } from './harness/question.ts'

/** Of the arrivals, committed within the window; what is due in its last moments is still under way. */
const KEPT_SHARE = 0.98
const P99_MAX_MS = 2_000
/** Of a short closed load, in which somebody always waits: near the end of what is possible. */
const PROBE_SECONDS = 8
const PROBE_WORKERS = 128
const FIRST_SHARE = 0.7
const STEP = 1.1
const STEPS_MAX = 12
const RECOVERED_MAX_MS = 10_000

export const saturation: Question = {
  name: 'saturation',
  question:
    'What is the highest rate of individually signed access requests that is kept, and what happens at twice that?',
  async run(options) {
    const figures: Record<string, number | Group | readonly Group[]> = {}
    const series: Series[] = []
    for (const validators of options.validatorCounts) {
      options.onProgress(`${validators} validators`)
      const found = await withNetwork({ ...options, validators }, (network) => saturate(network, options))
      const suffix = `${validators} validators`
      figures[`validators${validators}`] = found.kept
      figures[`overload${validators}`] = found.overload
      figures[`steps${validators}`] = found.steps
      series.push(
        { name: `p50 latency, ${suffix}`, unit: 'ms', over: 'requests a second', points: found.steps.map(at('p50Ms')) },
        { name: `p99 latency, ${suffix}`, unit: 'ms', over: 'requests a second', points: found.steps.map(at('p99Ms')) },
      )
    }
    const main = figures[`validators${options.validators}`] ?? figures[`validators${options.validatorCounts[0]}`]
    return {
      setup: `${setupOf(options)}; open loads from ${options.clients} client processes; the rate rises by ${Math.round((STEP - 1) * 100)} % a step until less than ${KEPT_SHARE * 100} % of the arrivals of ${options.seconds} s are committed in them, or the 99th percentile is above ${P99_MAX_MS} ms; then twice the kept rate for as long, and a light load to see when latency is back`,
      figures: { keptPerSecond: (main as Group).keptPerSecond as number, ...figures },
      series,
      notes: [{ title: 'beside it', lines: peersOf('saturation') }],
    }
  },
}

const at =
  (field: string) =>
  (step: Group): readonly [number, number] => [step.rate as number, step[field] as number]

async function saturate(
  network: Network,
  options: BenchOptions,
): Promise<{ kept: Group; overload: Group; steps: readonly Group[] }> {
  const probe = await measureAccess(
    network,
    { ...options, seconds: Math.min(PROBE_SECONDS, options.seconds) },
    { arrival: { kind: 'closed', workers: PROBE_WORKERS }, callsPerTransaction: 1 },
  )
  const steps: { readonly group: Group; readonly isKept: boolean }[] = []
  let rate = Math.max(1, probe.callsPerSecond * FIRST_SHARE)
  for (let step = 0; step < STEPS_MAX; step++) {
    const load = await open(network, options, rate)
    const isKept =
      load.callsPerSecond >= KEPT_SHARE * rate &&
      load.latencyMs.p99 <= P99_MAX_MS &&
      load.measured.failures.length === 0
    steps.push({ group: groupOf(rate, load), isKept })
    options.onProgress(`${round(rate)} a second: ${load.callsPerSecond} committed, p99 ${load.latencyMs.p99} ms`)
    const hasKept = steps.some((each) => each.isKept)
    if (isKept && steps.some((each) => !each.isKept)) break
    if (!isKept && hasKept) break
    rate = isKept ? rate * STEP : rate / STEP
  }
  const best = steps
    .filter(({ isKept }) => isKept)
    .sort((a, b) => (b.group.rate as number) - (a.group.rate as number))[0]
  const kept = best?.group ?? { rate: 0, keptPerSecond: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, transactionsPerBlock: 0 }
  const sorted = steps.map(({ group }) => group).sort((a, b) => (a.rate as number) - (b.rate as number))
  return { kept, overload: await overload(network, options, kept), steps: sorted }
}

const open = (network: Network, options: BenchOptions, perSecond: number): Promise<AccessLoad> =>
  measureAccess(network, options, { arrival: { kind: 'open', perSecond }, callsPerTransaction: 1 })

function groupOf(rate: number, { callsPerSecond, latencyMs, transactionsPerBlock }: AccessLoad): Group {
  const { p50, p95, p99 } = latencyMs
  return { rate: round(rate), keptPerSecond: callsPerSecond, p50Ms: p50, p95Ms: p95, p99Ms: p99, transactionsPerBlock }
}

/** Twice the kept rate; then a light load until its latency is what it was: within twice the kept rate's own. */
async function overload(network: Network, options: BenchOptions, kept: Group): Promise<Group> {
  const offered = 2 * (kept.rate as number)
  if (offered === 0)
    return { offeredPerSecond: 0, keptPerSecond: 0, sharePercent: 0, p99Ms: 0, refused: 0, recoveredMs: 0 }
  const load = await open(network, options, offered)
  const endedMs = performance.now()
  let recoveredMs = 0
  for (let isBack = false; !isBack && recoveredMs < RECOVERED_MAX_MS; ) {
    const light = await open(network, { ...options, seconds: 1 }, Math.max(10, (kept.rate as number) / 10))
    recoveredMs = Math.round(performance.now() - endedMs)
    isBack = light.latencyMs.p99 <= 2 * (kept.p99Ms as number) && light.measured.failures.length === 0
  }
  return {
    offeredPerSecond: round(offered),
    keptPerSecond: load.callsPerSecond,
    sharePercent: round((100 * load.callsPerSecond) / (kept.keptPerSecond as number)),
    p50Ms: load.latencyMs.p50,
    p99Ms: load.latencyMs.p99,
    refused: load.measured.failures.length,
    leaderChanges: load.measured.leaderChanged ? 1 : 0,
    recoveredMs,
  }
}
