// One chaos run: a network of real processes under load, faults by a seeded plan, everything healed, the judgement.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../src/devnet/sleep.ts'
import { remotePortsAt } from './accepted-ports.ts'
import { canLimitFiles, strike, WENT_ON } from './faults.ts'
import {
  agreement,
  type Check,
  linearizability,
  nobodyAccused,
  nobodyConvicted,
  nothingLost,
  nothingRefusedCommitted,
  settle,
  verified,
} from './judgement.ts'
import { Load, type Request } from './load.ts'
import { Network, portOf } from './network.ts'
import { type FaultKind, type Planned, planFaults } from './plan.ts'

export interface ChaosOptions {
  readonly minutes: number
  readonly seed: number
  readonly validators: number
  readonly clients: number
  readonly kinds: readonly FaultKind[]
  /** Leave the folders behind even when everything held. */
  readonly keep: boolean
  readonly onEvent: (event: TimelineEvent) => void
}

export interface TimelineEvent {
  /** Since the load began. */
  readonly atMs: number
  readonly kind: FaultKind | 'run'
  readonly text: string
}

export interface ChaosReport {
  readonly ok: boolean
  readonly seed: number
  readonly validators: number
  readonly minutes: number
  readonly faults: readonly { readonly kind: FaultKind; readonly count: number }[]
  readonly requests: { readonly acknowledged: number; readonly unknown: number; readonly longestSilenceMs: number }
  readonly checks: readonly Check[]
  readonly timeline: readonly TimelineEvent[]
  /** Where the folders are, if they were kept. */
  readonly folder: string | null
}

/** A node that does not come back within this is a finding. */
const READY_MS = 40_000

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), 'assent-chaos-'))
  const network = await Network.layOut(join(folder, 'consortium'), options.validators)
  const kill = (): void => network.kill()
  process.once('exit', kill)
  let report: ChaosReport
  try {
    report = await new Run(network, options, folder).whole()
    writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`)
  } catch (error) {
    throw new Error(`seed ${options.seed}, folders in ${folder}: ${(error as Error).message}`, { cause: error })
  } finally {
    network.kill()
    process.off('exit', kill)
    await network.mesh.close()
  }
  if (report.folder === null) rmSync(folder, { recursive: true, force: true })
  return report
}

class Run {
  readonly #network: Network
  readonly #options: ChaosOptions
  readonly #folder: string
  readonly #timeline: TimelineEvent[] = []
  /** What came of each. */
  readonly #struck = new Map<FaultKind, string[]>()
  #startMs = 0

  constructor(network: Network, options: ChaosOptions, folder: string) {
    this.#network = network
    this.#options = options
    this.#folder = folder
  }

  async whole(): Promise<ChaosReport> {
    const { seed, clients, minutes, validators, keep } = this.#options
    const network = this.#network
    this.#startMs = performance.now()
    this.#tell('run', `${validators} validators and an observer start in ${this.#folder}`)
    await network.start()
    const load = await Load.prepare(network, { seed, clients })
    const checks: Check[] = [this.#throughProxies()]

    this.#startMs = performance.now()
    this.#tell('run', `${clients} clients begin`)
    load.start()
    const silence = watchSilence(load.requests)
    await this.#strikeAll(minutes * 60_000)
    const longestSilenceMs = silence.stop()

    this.#tell('run', 'everything is healed')
    network.mesh.heal()
    checks.push(await this.#everybodyReady())
    await load.stop()
    this.#tell('run', 'clients have ended')
    checks.push(await settle(network, load.requests), await agreement(network), this.#throughProxies())
    checks.push(await nothingLost(network, load.requests), linearizability(load.requests))
    checks.push(nothingRefusedCommitted(load.requests), await nobodyConvicted(network))
    const ungraceful = await network.stop()
    checks.push({ name: 'every node stops in order', ok: ungraceful.length === 0, detail: ungraceful.join(', ') })
    checks.push(await verified(network), nobodyAccused(network), this.#disksMet())
    const ok = checks.every((check) => check.ok)
    if (!ok || keep) this.#saveHistory(load.requests)
    const told = load.requests.filter(({ output, endMs }) => output !== null && endMs !== Number.POSITIVE_INFINITY)
    return {
      ok,
      seed,
      validators,
      minutes,
      faults: [...this.#struck].map(([kind, outcomes]) => ({ kind, count: outcomes.length })),
      requests: { acknowledged: told.length, unknown: load.requests.length - told.length, longestSilenceMs },
      checks,
      timeline: this.#timeline,
      folder: ok && !keep ? null : this.#folder,
    }
  }

  /** All faults of the plan, each healed at its time. */
  async #strikeAll(durationMs: number): Promise<void> {
    const { seed, kinds } = this.#options
    const possible = (await canLimitFiles()) ? kinds : kinds.filter((kind) => kind !== 'fullDisk')
    const plan = planFaults({ seed, durationMs, nodes: this.#network.members.length, kinds: possible })
    await Promise.all(plan.map((planned) => this.#strikeOne(planned)))
    await this.#until(durationMs)
  }

  async #strikeOne({ fault, atMs, forMs }: Planned): Promise<void> {
    await this.#until(atMs)
    const { what, heal } = await strike(this.#network, fault)
    this.#tell(fault.kind, `${what}, for ${(forMs / 1_000).toFixed(1)} s`)
    await this.#until(atMs + forMs)
    const outcome = await heal()
    this.#struck.set(fault.kind, [...(this.#struck.get(fault.kind) ?? []), outcome])
    this.#tell(fault.kind, `${what}: over${outcome === '' ? '' : `, ${outcome}`}`)
  }

  async #everybodyReady(): Promise<Check> {
    const name = 'every node is ready again'
    const late: string[] = []
    await Promise.all(
      this.#network.nodes.map(async (node) => {
        try {
          await node.ready()
        } catch (error) {
          late.push((error as Error).message)
        }
      }),
    )
    return { name, ok: late.length === 0, detail: late.join('; ') || `within ${READY_MS / 1_000} s` }
  }

  #throughProxies(): Check {
    const known = this.#network.mesh.outgoingPorts()
    const strangers = this.#network.members.flatMap(({ name, p2pAddress }) =>
      (remotePortsAt(portOf(p2pAddress)) ?? [])
        .filter((port) => !known.has(port))
        .map((port) => `${name} from ${port}`),
    )
    return {
      name: 'nodes reach each other through the proxies alone',
      ok: strangers.length === 0,
      detail: strangers.join(', ') || `${known.size} connections`,
    }
  }

  #disksMet(): Check {
    const outcomes = this.#struck.get('fullDisk') ?? []
    return {
      name: 'a node whose disk is full stops at its first write',
      ok: !outcomes.includes(WENT_ON),
      detail: outcomes.join(', '),
    }
  }

  #saveHistory(requests: readonly Request[]): void {
    const rows = requests.map(({ signed, ...request }) => JSON.stringify({ id: signed?.id, ...request }))
    writeFileSync(join(this.#folder, 'history.jsonl'), `${rows.join('\n')}\n`)
  }

  #tell(kind: TimelineEvent['kind'], text: string): void {
    const event = { atMs: Math.round(performance.now() - this.#startMs), kind, text }
    this.#timeline.push(event)
    this.#options.onEvent(event)
  }

  #until(atMs: number): Promise<void> {
    return sleep(Math.max(0, this.#startMs + atMs - performance.now()))
  }
}

/** The longest time in which no client was told anything. */
function watchSilence(requests: readonly Request[]): { stop(): number } {
  const fromMs = performance.now()
  return {
    stop() {
      const ends = requests.filter(({ output }) => output !== null).map(({ endMs }) => endMs)
      const times = [fromMs, ...ends.sort((a, b) => a - b), performance.now()]
      return Math.round(Math.max(...times.slice(1).map((time, i) => time - (times[i] as number))))
    },
  }
}
