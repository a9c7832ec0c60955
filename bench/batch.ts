// Batches: what a hospital gateway gets out of signing many requests at once, by how many.

import { measureAccess, setupOf, withNetwork } from './harness/access-load.ts'
import type { Group, Question, Series } from './harness/question.ts'
import { assertAllServed } from './harness/run-load.ts'

const SIZES = [10, 100, 200] as const
/** The one that is compared over time. */
const MAIN = 100
const PATIENTS = 10_000
/** A batch of 200 is a transaction of 60 kB: a few under way keep everybody busy. */
const WORKERS = 8

export const batch: Question = {
  name: 'batch',
  question: 'How many access requests a second are decided and recorded when a gateway signs many at once?',
  async run(options) {
    const sizes: Group[] = []
    const series: Series[] = []
    await withNetwork({ ...options, patients: PATIENTS }, async (network) => {
      for (const calls of SIZES) {
        const arrival = { kind: 'closed', workers: WORKERS } as const
        const load = await measureAccess(network, options, { arrival, callsPerTransaction: calls })
        assertAllServed(load.measured)
        const { p50, p95, p99 } = load.latencyMs
        const { leader, follower, client } = load.cpuMicroseconds
        sizes.push({
          callsPerTransaction: calls,
          keptPerSecond: load.callsPerSecond,
          p50Ms: p50,
          p95Ms: p95,
          p99Ms: p99,
          leaderMicroseconds: leader,
          followerMicroseconds: follower,
          clientMicroseconds: client,
        })
        series.push(...load.series.map((each) => ({ ...each, name: `${each.name}, ${calls} calls a transaction` })))
      }
    })
    const main = sizes.find(({ callsPerTransaction }) => callsPerTransaction === MAIN) as Group
    return {
      setup: `${setupOf({ ...options, patients: PATIENTS })}; closed load of ${WORKERS} transactions under way from ${options.clients} client processes, signed by the hospital for its practitioners, each call writes its decision`,
      figures: { keptPerSecond: main.keptPerSecond as number, sizes },
      series,
    }
  },
}
