// The decision as a question: what a custodian's own software waits when it asks its node whether it may.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decisionMicroseconds } from './growth.ts'
import { LocalChain } from './harness/local-chain.ts'
import { Population } from './harness/population.ts'
import type { Question } from './harness/question.ts'

const READS = 50_000
/** Just-in-time compilation. */
const WARM_UP = 5_000

export const decision: Question = {
  name: 'decision',
  question: 'How long does a consent decision take as a local read of a large state?',
  async run({ consents, seed, onProgress }) {
    const folder = mkdtempSync(join(tmpdir(), 'assent-bench-'))
    try {
      const chain = await LocalChain.create(folder)
      const population = new Population(chain, seed)
      await population.enrollPractitioner()
      await population.grow(consents, (done) => {
        if (done % 20_480 === 0) onProgress(`${done} of ${consents} consents`)
      })
      decisionMicroseconds(chain, population, WARM_UP)
      const { p50, p95, p99 } = decisionMicroseconds(chain, population, READS)
      await chain.ledger.close()
      return {
        setup: `one process, ${consents} patients with one consent each in a state on LevelDB; ${READS} times access.decide about a random patient, so most of what is read was not read before`,
        figures: { consents, decisionMicroseconds: { p50, p95, p99 } },
        series: [],
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
