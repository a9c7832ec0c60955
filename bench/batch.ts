// Batches: what a hospital gateway gets out of signing many requests at once.

import { runAccessLoad, setupOf } from './harness/access-load.ts'
import type { Question } from './harness/question.ts'

const CALLS = 200
/** A batch is a transaction of 60 kB: a few under way keep everybody busy. */
const WORKERS = 8

export const batch: Question = {
  name: 'batch',
  question: `How many access requests a second are decided and recorded when a gateway signs ${CALLS} at once?`,
  async run(options) {
    const arrival = { kind: 'closed', workers: WORKERS } as const
    const load = await runAccessLoad(options, { arrival, callsPerTransaction: CALLS })
    const { callsPerSecond, latencyMs, transactionsPerBlock, cpuMicroseconds, series, notes } = load
    return {
      setup: `${setupOf(options)}; closed load of ${WORKERS} transactions of ${CALLS} calls under way from ${options.clients} client processes, signed by the hospital for its practitioners`,
      figures: {
        keptPerSecond: callsPerSecond,
        latencyMs,
        transactionsPerBlock,
        cpuMicrosecondsPerCall: cpuMicroseconds,
      },
      series,
      notes,
    }
  },
}
