// What a large state costs: memory, disk, the decision, the block. One process makes the chain and executes it, as each
// validator would.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Percentiles, percentiles } from '../src/devnet/percentiles.ts'
import { bytesIn } from './harness/disk-usage.ts'
import { LocalChain } from './harness/local-chain.ts'
import { peersOf } from './harness/peers.ts'
import { Population } from './harness/population.ts'
import type { BenchOptions, Group, Question, Series } from './harness/question.ts'

const LEAST = 10_000
const TIMES = 10
/** Recorded at each size: enough that LevelDB has merged most of them. */
const DECISIONS = 20_000
const DECISIONS_A_TRANSACTION = 100
const DECISIONS_A_BLOCK = 1_000
const READS = 5_000
const MIB = 2 ** 20

export const growth: Question = {
  name: 'growth',
  question: 'How do memory, disk and the time of a decision grow with the consents in the state?',
  async run(options) {
    const sizes = sizesUpTo(options.consents)
    const folder = mkdtempSync(join(tmpdir(), 'assent-bench-'))
    try {
      const chain = await LocalChain.create(folder)
      const population = new Population(chain, options.seed)
      await population.enrollPractitioner()
      const table: Group[] = []
      for (const consents of sizes) table.push(await measureAt(consents, { chain, population, folder, options }))
      await chain.ledger.close()
      const over = 'consents'
      const series = (name: string, unit: string, field: string): Series => ({
        name,
        unit,
        over,
        points: table.map((row) => [row.consents as number, row[field] as number]),
      })
      return {
        setup: `one process on LevelDB; at each size ${DECISIONS} access requests in signed transactions of ${DECISIONS_A_TRANSACTION}, ${DECISIONS_A_BLOCK} a block, each writes its decision, receipt and indexes, every block synced; disk by decision is what the folder grew by; ${READS} decisions by query about random patients. Memory is that of the process, load generator included`,
        figures: { consents: table },
        series: [
          series('resident memory', 'MiB', 'residentMiB'),
          series('decision by query, p99', 'µs', 'decisionP99Microseconds'),
          series('execution and commit of a recorded decision', 'µs', 'recordedMicroseconds'),
          series('disk by recorded decision', 'bytes', 'diskBytesADecision'),
        ],
        notes: [{ title: 'beside it', lines: peersOf('disk') }],
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

export function sizesUpTo(most: number): readonly number[] {
  const sizes: number[] = []
  for (let size = LEAST; size < most; size *= TIMES) sizes.push(size)
  return [...sizes, most]
}

interface Place {
  readonly chain: LocalChain
  readonly population: Population
  readonly folder: string
  readonly options: BenchOptions
}

async function measureAt(consents: number, { chain, population, folder, options }: Place): Promise<Group> {
  await population.grow(consents, (done) => {
    if (done % 20_480 === 0) options.onProgress(`${done} of ${consents} consents`)
  })
  const reads = decisionMicroseconds(chain, population, READS)
  const before = bytesIn(folder)
  const startMs = performance.now()
  for (let done = 0; done < DECISIONS; done += DECISIONS_A_BLOCK) {
    const calls = Array.from({ length: DECISIONS_A_BLOCK }, () => population.request())
    await chain.commit(chain.transactions(calls, DECISIONS_A_TRANSACTION))
  }
  const recordedMs = performance.now() - startMs
  globalThis.gc?.()
  return {
    consents,
    residentMiB: Math.round(process.memoryUsage.rss() / MIB),
    diskMiB: Math.round(bytesIn(folder) / MIB),
    diskBytesADecision: Math.round((bytesIn(folder) - before) / DECISIONS),
    recordedMicroseconds: Math.round((recordedMs * 1_000) / DECISIONS),
    decisionP50Microseconds: reads.p50,
    decisionP99Microseconds: reads.p99,
  }
}

/** Encoding of the arguments is not part of it. */
export function decisionMicroseconds(chain: LocalChain, population: Population, count: number): Percentiles {
  const timeMs = chain.nowMs
  const took = Array.from({ length: count }, () => {
    const call = chain.encode(population.decision())
    const startMs = performance.now()
    const outcome = chain.ledger.query(call, { timeMs })
    const microseconds = (performance.now() - startMs) * 1_000
    if (outcome.status === 'refused') throw new Error(`access.decide was refused: ${outcome.code}`)
    return microseconds
  })
  return percentiles(took)
}
