// Latency under open loads: what a request waits, timed from when it was due, at rates that the consortium keeps and at
// such that it may not keep.

import { measureAccess, setupOf, withNetwork } from './harness/access-load.ts'
import { histogram } from './harness/histogram.ts'
import { profileNotes } from './harness/profile-notes.ts'
import type { Answer, Group, Question, Series } from './harness/question.ts'

export const latency: Question = {
  name: 'latency',
  question: 'How long does an access request take from its due time to its verified receipt, at fixed arrival rates?',
  async run(options) {
    const { clients, profileFolder } = options
    const rates: Group[] = []
    const series: Series[] = []
    const notes: NonNullable<Answer['notes']>[number][] = []
    await withNetwork(options, async (network) => {
      for (const rate of options.rates) {
        const load = await measureAccess(network, options, {
          arrival: { kind: 'open', perSecond: rate },
          callsPerTransaction: 1,
        })
        const { p50, p95, p99 } = load.latencyMs
        const { leader, follower, client } = load.cpuMicroseconds
        rates.push({
          rate,
          keptPerSecond: load.callsPerSecond,
          p50Ms: p50,
          p95Ms: p95,
          p99Ms: p99,
          failed: load.measured.failures.length,
          transactionsPerBlock: load.transactionsPerBlock,
          leaderMicroseconds: leader,
          followerMicroseconds: follower,
          clientMicroseconds: client,
        })
        const waits = load.measured.samples.map(({ dueMs, doneMs }) => doneMs - dueMs)
        series.push(distribution(waits, rate))
        notes.push({ title: `latency at ${rate} a second, ms`, lines: histogram(waits) })
        if (profileFolder !== null) notes.push(...profileNotes(profileFolder, { network, measured: load.measured }))
      }
    })
    return {
      setup: `${setupOf(options)}; open loads from ${clients} client processes, each request timed from when it was due`,
      figures: { rates },
      series,
      notes,
    }
  },
}

/** Latency that a share of the requests stayed below. */
function distribution(waits: readonly number[], rate: number): Series {
  const sorted = [...waits].sort((a, b) => a - b)
  const shares = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.9]
  return {
    name: `latency distribution at ${rate} a second`,
    unit: 'ms',
    over: 'percentile',
    points: shares.map((share) => [
      share,
      Math.round((sorted[Math.min(sorted.length - 1, Math.floor((share / 100) * sorted.length))] ?? 0) * 10) / 10,
    ]),
  }
}
