// Institutions in different places: the same consortium with a delay added to everything that goes between its nodes.

import { measureAccess, setupOf, withNetwork } from './harness/access-load.ts'
import type { Group, Question, Series } from './harness/question.ts'
import { assertAllServed } from './harness/run-load.ts'

/** Round trips: a city, a continent, the other side of the world. */
const ROUND_TRIPS_MS = [0, 20, 80, 200] as const

export const wideArea: Question = {
  name: 'wide-area',
  question: 'What do commit latency and throughput become when the nodes are far from each other?',
  async run(options) {
    const { rate, workers, onProgress } = options
    const delays: Group[] = []
    const series: Series[] = []
    for (const roundTripMs of ROUND_TRIPS_MS) {
      onProgress(`round trip ${roundTripMs} ms`)
      await withNetwork({ ...options, delayMs: roundTripMs / 2 }, async (network) => {
        const open = await measureAccess(network, options, {
          arrival: { kind: 'open', perSecond: rate },
          callsPerTransaction: 1,
        })
        const closed = await measureAccess(network, options, {
          arrival: { kind: 'closed', workers },
          callsPerTransaction: 1,
        })
        assertAllServed(open.measured)
        assertAllServed(closed.measured)
        const { p50, p95, p99 } = open.latencyMs
        delays.push({ roundTripMs, p50Ms: p50, p95Ms: p95, p99Ms: p99, throughputPerSecond: closed.callsPerSecond })
        series.push(...open.series.map((each) => ({ ...each, name: `${each.name}, round trip ${roundTripMs} ms` })))
      })
    }
    return {
      setup: `${setupOf(options)}; a proxy in front of every node adds half the round trip to everything that arrives from other nodes, and to every answer; clients are near the nodes they ask. Latency under an open load of ${rate} a second, throughput under a closed load of ${workers}`,
      figures: { delays },
      series: series.filter(({ name }) => name.startsWith('p99')),
    }
  },
}
