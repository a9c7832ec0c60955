// Drives client processes against a network and measures a window: what ran up before it and runs out behind it is cut.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memberNamed } from '../../src/devnet/layout.ts'
import {
  type Arrival,
  type FromClient,
  type LoadPlan,
  type Mix,
  ROUTINE_ONLY,
  type Sample,
  type ToClient,
} from './load-plan.ts'
import { monotonicMs } from './monotonic.ts'
import { CUSTODIAN, type Network, REGULATOR, REQUESTER } from './network.ts'
import { processTimeMs } from './process-time.ts'

export interface LoadOptions {
  readonly arrival: Arrival
  readonly callsPerTransaction: number
  readonly mix?: Mix
  readonly clients: number
  readonly seconds: number
  readonly seed: number
  readonly profileFolder: string | null
}

export interface Measured {
  /** Monotonic ms: the measured window. */
  readonly window: { readonly fromMs: number; readonly toMs: number }
  /** Committed within the window. */
  readonly samples: readonly Sample[]
  /** Reasons of requests that failed or were refused. */
  readonly failures: readonly string[]
  readonly leader: string
  /** CPU times are of two leaders, then, and part of the window had none. */
  readonly leaderChanged: boolean
  /** CPU ms within the window. */
  readonly cpuMs: { readonly leader: number; readonly followers: number; readonly clients: number }
}

const CLIENT_PROGRAM = fileURLToPath(new URL('./client-process.ts', import.meta.url))
/** Just-in-time compilation and caches: the first seconds are slower. */
export const WARM_UP_MS = 4_000
const COOL_DOWN_MS = 500
/** Client processes open connections and read the plan. */
const LEAD_MS = 1_500

/** `failures` and a change of the leader are for the question to judge. */
export async function runLoad(network: Network, options: LoadOptions): Promise<Measured> {
  const { clients: count, seconds } = options
  const clients = await Promise.all(Array.from({ length: count }, (_, i) => startClient(i, options)))
  const startMs = monotonicMs() + LEAD_MS
  const window = { fromMs: startMs + WARM_UP_MS, toMs: startMs + WARM_UP_MS + seconds * 1_000 }
  const answers = clients.map((client, i) => {
    const plan = planFor(network, options, { share: count, index: i, startMs, endMs: window.toMs + COOL_DOWN_MS })
    return drive(client, plan)
  })
  const leader = await network.leader()
  const cpuBefore = await at(window.fromMs, () => cpuTimes(network, clients, leader))
  const cpuAfter = await at(window.toMs, () => cpuTimes(network, clients, leader))
  const results = await Promise.all(answers)
  const failures = results.flatMap(({ failures }) => failures)
  const leaderChanged = (await network.leader()) !== leader
  const samples = results
    .flatMap(({ samples }) => samples)
    .filter(({ doneMs }) => doneMs >= window.fromMs && doneMs < window.toMs)
  const cpuMs = {
    leader: cpuAfter.leader - cpuBefore.leader,
    followers: cpuAfter.followers - cpuBefore.followers,
    clients: cpuAfter.clients - cpuBefore.clients,
  }
  return { window, samples, failures, leader, leaderChanged, cpuMs }
}

/** A load that fails in part, or loses its leader, measures something else. Throws with the reasons. */
export function assertAllServed({ failures, leaderChanged }: Pick<Measured, 'failures' | 'leaderChanged'>): void {
  if (leaderChanged) throw new Error('the leader changed during the run: measure again')
  if (failures.length === 0) return
  throw new Error(`${failures.length} requests failed: ${[...new Set(failures)].slice(0, 5).join('; ')}`)
}

async function startClient(index: number, { profileFolder }: LoadOptions): Promise<ChildProcess> {
  const profile =
    profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileFolder, `client-${index}`)}`]
  const child = fork(CLIENT_PROGRAM, { execArgv: profile, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await once(child, 'message')
  return child
}

async function drive(child: ChildProcess, plan: LoadPlan): Promise<Extract<FromClient, { kind: 'done' }>> {
  const exited = once(child, 'exit')
  const failed = exited.then(([code]) => {
    throw new Error(`a client process ended with exit code ${code}`)
  })
  // Whoever loses the race must not end the program.
  failed.catch(() => undefined)
  const answered = once(child, 'message')
  child.send({ kind: 'plan', plan } satisfies ToClient)
  const [message] = await Promise.race([answered, failed])
  child.disconnect()
  // Its profile is written by then.
  await exited
  return message
}

function planFor(
  { devnet, nodes, patients, practitioners }: Network,
  { arrival, callsPerTransaction, mix = ROUTINE_ONLY, seed }: LoadOptions,
  { share, index, startMs, endMs }: { share: number; index: number; startMs: number; endMs: number },
): LoadPlan {
  const requester = memberNamed(devnet, REQUESTER)
  return {
    genesisFile: devnet.genesisFile,
    urls: nodes.map(({ member }) => member.rpcUrl),
    custodian: memberNamed(devnet, CUSTODIAN).keys.institution,
    institution: requester.keys.institution,
    recipientKey: requester.keys.encryption.publicKey,
    patients,
    practitioners,
    institutionKeys: join(requester.folder, 'keys.json'),
    custodianKeys: join(memberNamed(devnet, CUSTODIAN).folder, 'keys.json'),
    regulatorKeys: join(memberNamed(devnet, REGULATOR).folder, 'keys.json'),
    mix,
    callsPerTransaction,
    arrival: shareOf(arrival, share),
    seed: seed + index,
    // Open loads of several processes interleave.
    startMs: startMs + (arrival.kind === 'open' ? (index * 1_000) / arrival.perSecond : 0),
    endMs,
  }
}

function shareOf(arrival: Arrival, share: number): Arrival {
  return arrival.kind === 'closed'
    ? { kind: 'closed', workers: Math.max(1, Math.round(arrival.workers / share)) }
    : { kind: 'open', perSecond: arrival.perSecond / share }
}

async function at<T>(dueMs: number, act: () => T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - monotonicMs())))
  return act()
}

function cpuTimes({ nodes }: Network, clients: readonly ChildProcess[], leader: string): Measured['cpuMs'] {
  const sum = (pids: readonly (number | undefined)[]): number =>
    pids.reduce<number>((total, pid) => total + (pid === undefined ? 0 : (processTimeMs(pid) ?? 0)), 0)
  return {
    leader: sum(nodes.filter(({ member }) => member.name === leader).map(({ pid }) => pid)),
    followers: sum(nodes.filter(({ member }) => member.name !== leader).map(({ pid }) => pid)),
    clients: sum(clients.map(({ pid }) => pid)),
  }
}
