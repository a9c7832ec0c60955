// Throughput under a closed load: how fast the consortium goes when somebody always waits.

import { runAccessLoad, setupOf } from './harness/access-load.ts'
import type { Question } from './harness/question.ts'

export const throughput: Question = {
  name: 'throughput',
  question: 'How many individually signed access requests a second does a consortium of 4 commit?',
  async run(options) {
    const { workers, clients } = options
    const load = await runAccessLoad(options, { arrival: { kind: 'closed', workers }, callsPerTransaction: 1 })
    const { callsPerSecond, latencyMs, transactionsPerBlock, cpuMicroseconds, series, notes } = load
    return {
      setup: `${setupOf(options)}; closed load of ${workers} requests under way from ${clients} client processes, one call and one signature each`,
      figures: {
        transactionsPerSecond: callsPerSecond,
        latencyMs,
        transactionsPerBlock,
        cpuMicrosecondsPerTransaction: cpuMicroseconds,
      },
      series,
      notes,
    }
  },
}
