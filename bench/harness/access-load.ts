// What the questions about access requests share: a network, a load, the figures of its window.

import { percentiles } from '../../src/devnet/percentiles.ts'
import type { Sample } from './load-plan.ts'
import { type Network, startNetwork } from './network.ts'
import { profileNotes } from './profile-notes.ts'
import type { Answer, BenchOptions, Series } from './question.ts'
import { assertAllServed, type LoadOptions, type Measured, runLoad, WARM_UP_MS } from './run-load.ts'

export const PATIENTS = 256
export const PRACTITIONERS = 64

export type Load = Pick<LoadOptions, 'arrival' | 'callsPerTransaction' | 'mix'>

export interface AccessLoad {
  readonly measured: Measured
  /** Committed access requests a second. */
  readonly callsPerSecond: number
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number }
  /** CPU µs for one access request. */
  readonly cpuMicroseconds: { readonly leader: number; readonly follower: number; readonly client: number }
  readonly transactionsPerBlock: number
  readonly series: readonly Series[]
}

/** One sentence of a set-up that all of them begin with. */
export const setupOf = ({ validators, patients = PATIENTS }: { validators: number; patients?: number }): string =>
  `${validators} validators as ${validators} processes on this machine, everybody verifies every signature and syncs before it acks; ${PRACTITIONERS} practitioners of one hospital, ${patients} patients of another, one consent each; requests through the public RPC of all nodes in turn, every receipt verified; first ${WARM_UP_MS / 1_000} s of a load cut`

/** A network for as long as `use` takes. */
export async function withNetwork<T>(
  options: BenchOptions & { readonly patients?: number; readonly delayMs?: number },
  use: (network: Network) => Promise<T>,
): Promise<T> {
  const network = await startNetwork({ patients: PATIENTS, practitioners: PRACTITIONERS, ...options })
  try {
    return await use(network)
  } finally {
    await network.stop()
  }
}

/** One load on a network of its own. Throws when a request fails. */
export async function runAccessLoad(
  options: BenchOptions & { readonly patients?: number },
  load: Load,
): Promise<AccessLoad & { readonly notes: NonNullable<Answer['notes']> }> {
  const { answer, network } = await withNetwork(options, async (network) => {
    const answer = await measureAccess(network, options, load)
    assertAllServed(answer.measured)
    return { answer, network }
  })
  const { profileFolder } = options
  const { measured } = answer
  return { ...answer, notes: profileFolder === null ? [] : profileNotes(profileFolder, { network, measured }) }
}

export async function measureAccess(network: Network, options: BenchOptions, load: Load): Promise<AccessLoad> {
  const { seconds, seed, clients, profileFolder, onProgress } = options
  onProgress(`${describeLoad(load)}: ${seconds} s after ${WARM_UP_MS / 1_000} s of warm-up`)
  const measured = await runLoad(network, { ...load, clients, seconds, seed, profileFolder })
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
  }
}

const describeLoad = ({ arrival, callsPerTransaction }: Load): string => {
  const calls = callsPerTransaction === 1 ? '' : ` of ${callsPerTransaction} calls`
  return arrival.kind === 'closed'
    ? `${arrival.workers} transactions${calls} under way`
    : `${round(arrival.perSecond)} transactions${calls} a second`
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

export const round = (value: number): number => Math.round(value * 10) / 10
