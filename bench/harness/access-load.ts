// What the questions about access requests share: a network, a load, the figures of its window.

import { percentiles } from '../../src/devnet/percentiles.ts'
import type { Sample } from './load-plan.ts'
import { startNetwork } from './network.ts'
import { profileNotes } from './profile-notes.ts'
import type { Answer, BenchOptions, Series } from './question.ts'
import { type LoadOptions, type Measured, runLoad, WARM_UP_MS } from './run-load.ts'

export const PATIENTS = 256
export const PRACTITIONERS = 64

export interface AccessLoad {
  readonly measured: Measured
  /** Committed access requests a second. */
  readonly callsPerSecond: number
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number }
  /** CPU µs for one access request. */
  readonly cpuMicroseconds: { readonly leader: number; readonly follower: number; readonly client: number }
  readonly transactionsPerBlock: number
  readonly series: readonly Series[]
  readonly notes: NonNullable<Answer['notes']>
}

/** One sentence of a set-up that all of them begin with. */
export const setupOf = ({ validators }: Pick<BenchOptions, 'validators'>): string =>
  `${validators} validators as ${validators} processes on this machine, everybody verifies every signature and syncs before it acks; ${PRACTITIONERS} practitioners of one hospital, ${PATIENTS} patients of another, one consent each; requests through the public RPC of all nodes in turn, every receipt verified; first ${WARM_UP_MS / 1_000} s cut`

export async function runAccessLoad(
  options: BenchOptions,
  load: Pick<LoadOptions, 'arrival' | 'callsPerTransaction'>,
): Promise<AccessLoad> {
  const { seconds, seed, clients, profileFolder, onProgress } = options
  const network = await startNetwork({ ...options, patients: PATIENTS, practitioners: PRACTITIONERS })
  let measured: Measured
  try {
    onProgress(`measuring for ${seconds} s after ${WARM_UP_MS / 1_000} s of warm-up`)
    measured = await runLoad(network, { ...load, clients, seconds, seed, profileFolder })
  } finally {
    await network.stop()
  }
  const { samples, cpuMs } = measured
  const calls = samples.length * load.callsPerTransaction
  const perCall = (ms: number): number => (calls === 0 ? 0 : Math.round((ms * 1_000) / calls))
  return {
    measured,
    callsPerSecond: round(calls / seconds),
    latencyMs: percentiles(samples.map(({ dueMs, doneMs }) => doneMs - dueMs)),
    cpuMicroseconds: {
      leader: perCall(cpuMs.leader),
      follower: perCall(cpuMs.followers / Math.max(1, network.nodes.length - 1)),
      client: perCall(cpuMs.clients),
    },
    transactionsPerBlock: round(samples.length / Math.max(1, new Set(samples.map(({ height }) => height)).size)),
    series: perSecond(measured, load.callsPerTransaction),
    notes: profileFolder === null ? [] : profileNotes(profileFolder, { network, measured }),
  }
}

function perSecond({ samples, window }: Measured, callsPerTransaction: number): readonly Series[] {
  const buckets = new Map<number, Sample[]>()
  for (const sample of samples) {
    const second = Math.floor((sample.doneMs - window.fromMs) / 1_000)
    const bucket = buckets.get(second) ?? []
    buckets.set(second, bucket)
    bucket.push(sample)
  }
  const seconds = [...buckets].sort(([a], [b]) => a - b)
  return [
    {
      name: 'committed access requests',
      unit: '1/s',
      points: seconds.map(([second, bucket]) => [second, bucket.length * callsPerTransaction]),
    },
    {
      name: 'p99 latency',
      unit: 'ms',
      points: seconds.map(([second, bucket]) => [
        second,
        percentiles(bucket.map(({ dueMs, doneMs }) => doneMs - dueMs)).p99,
      ]),
    },
  ]
}

const round = (value: number): number => Math.round(value * 10) / 10
