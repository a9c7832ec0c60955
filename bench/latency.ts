// Latency under an open load: what a request waits while the consortium is not busy.

import { runAccessLoad, setupOf } from './harness/access-load.ts'
import type { Question } from './harness/question.ts'

export const latency: Question = {
  name: 'latency',
  question: 'How long does an access request take from its due time to its verified receipt, at a fixed arrival rate?',
  async run(options) {
    const { rate, clients } = options
    const load = await runAccessLoad(options, { arrival: { kind: 'open', perSecond: rate }, callsPerTransaction: 1 })
    const { callsPerSecond, latencyMs, transactionsPerBlock, cpuMicroseconds, series, notes } = load
    return {
      setup: `${setupOf(options)}; open load of ${rate} requests a second from ${clients} client processes, each timed from when it was due`,
      figures: {
        rate,
        keptPerSecond: callsPerSecond,
        latencyMs,
        transactionsPerBlock,
        cpuMicrosecondsPerTransaction: cpuMicroseconds,
      },
      series,
      notes,
    }
  },
}
