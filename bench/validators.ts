// What another validator costs: latency under the same open load, by the number of validators. They share this machine, so
// the figures hold more CPU time and less network time than a consortium of machines would have.

import { runAccessLoad, setupOf } from './harness/access-load.ts'
import type { Group, Question, Series } from './harness/question.ts'

export const validators: Question = {
  name: 'validators',
  question: 'How does the commit latency at a fixed arrival rate grow with the number of validators?',
  async run(options) {
    const { rate, clients, onProgress, validatorCounts } = options
    const counts: Group[] = []
    const series: Series[] = []
    for (const count of validatorCounts) {
      onProgress(`${count} validators`)
      const arrival = { kind: 'open', perSecond: rate } as const
      const load = await runAccessLoad({ ...options, validators: count }, { arrival, callsPerTransaction: 1 })
      const { p50, p95, p99 } = load.latencyMs
      counts.push({ validators: count, keptPerSecond: load.callsPerSecond, p50Ms: p50, p95Ms: p95, p99Ms: p99 })
      series.push(...load.series.map((each) => ({ ...each, name: `${each.name}, ${count} validators` })))
    }
    return {
      setup: `for ${validatorCounts.join(', ')}: ${setupOf({ validators: 4 }).replace(/^4 validators as 4 processes/, 'that many validators as processes')}; open load of ${rate} requests a second from ${clients} client processes, each timed from when it was due`,
      figures: { rate, counts },
      series,
    }
  },
}
