// A long load: do memory and latency stay where they are?

import { readFileSync } from 'node:fs'
import { measureAccess, round, setupOf, withNetwork } from './harness/access-load.ts'
import type { Network } from './harness/network.ts'
import type { Group, Question } from './harness/question.ts'
import { assertAllServed } from './harness/run-load.ts'

const MINUTES = 30
const SLICE_SECONDS = 60
const MIB = 1_024

export const soak: Question = {
  name: 'soak',
  question: `Do memory and latency stay flat over a long load (${MINUTES} minutes, or --seconds)?`,
  seconds: MINUTES * 60,
  async run(options) {
    const slices: Group[] = []
    const slice = Math.min(SLICE_SECONDS, options.seconds)
    await withNetwork(options, async (network) => {
      for (let from = 0; from < options.seconds; from += slice) {
        const arrival = { kind: 'open', perSecond: options.rate } as const
        const load = await measureAccess(network, { ...options, seconds: slice }, { arrival, callsPerTransaction: 1 })
        assertAllServed(load.measured)
        const { p50, p95, p99 } = load.latencyMs
        slices.push({
          minute: round(from / 60),
          keptPerSecond: load.callsPerSecond,
          p50Ms: p50,
          p95Ms: p95,
          p99Ms: p99,
          residentMiBMost: Math.max(...residentMiB(network)),
        })
      }
    })
    const [first, last] = [slices[Math.min(2, slices.length - 1)], slices.at(-1)]
    const grown = (field: string) => round(((last?.[field] ?? 0) / (first?.[field] || 1)) * 100 - 100)
    const points = (field: string) =>
      slices.map((each) => [(each.minute as number) * 60, each[field] as number] as const)
    return {
      setup: `${setupOf(options)}; open load of ${options.rate} requests a second for ${options.seconds} s in slices of ${slice} s, a pause of a few seconds between them; growth is the last slice against the third`,
      figures: { memoryGrowthPercent: grown('residentMiBMost'), p50GrowthPercent: grown('p50Ms'), slices },
      series: [
        { name: 'p50 latency', unit: 'ms', points: points('p50Ms') },
        { name: 'p99 latency', unit: 'ms', points: points('p99Ms') },
        { name: 'resident memory of the largest validator', unit: 'MiB', points: points('residentMiBMost') },
      ],
    }
  },
}

/** Of every node's process, from Linux. */
function residentMiB({ nodes }: Network): readonly number[] {
  return nodes.map(({ pid }) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / MIB)
  })
}
