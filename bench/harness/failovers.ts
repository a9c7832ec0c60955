// Takes the leader away again and again, under a light open load, and times how long nothing is committed.

import { type Client, type CommittedReceipt, connect } from '../../src/client/client.ts'
import type { Signer } from '../../src/client/signer.ts'
import { memberNamed } from '../../src/devnet/layout.ts'
import type { NodeProcess } from '../../src/devnet/node-process.ts'
import { eventually, sleep } from '../../src/devnet/sleep.ts'
import { SeededRandom } from '../../src/fhir/seeded-random.ts'
import { loadPersonFile } from '../../src/node/person-file.ts'
import { monotonicMs } from './monotonic.ts'
import { CUSTODIAN, type Network, REQUESTER, startNetwork } from './network.ts'
import type { BenchOptions } from './question.ts'

export type TrialKind = 'kill' | 'silence'

export interface Trial {
  readonly kind: TrialKind
  /** Since the first. */
  readonly atMs: number
  readonly tookMs: number
}

/** After everybody is back: elections and catching up are over, and the next signal comes at any time of a heartbeat. */
const SETTLE_MS = { least: 1_500, most: 2_500 } as const
/** A consortium that needs longer is broken, not slow. */
const GIVE_UP_MS = 60_000
/** Of requests under way when the leader goes: they are sent again for longer than any trial takes. */
const LIFETIME_MS = 120_000

export class Failovers {
  readonly #options: BenchOptions
  readonly #random: SeededRandom

  constructor(options: BenchOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed)
  }

  async run(kinds: readonly TrialKind[]): Promise<readonly Trial[]> {
    const { onProgress } = this.#options
    const network = await startNetwork({ ...this.#options, patients: 16, practitioners: 4 })
    const load = new LightLoad(network, this.#options)
    try {
      load.start()
      await sleep(SETTLE_MS.most)
      const trials: Trial[] = []
      const firstMs = monotonicMs()
      for (const [i, kind] of kinds.entries()) {
        const atMs = monotonicMs() - firstMs
        const tookMs = await this.#trial(network, load, kind)
        trials.push({ kind, atMs: Math.round(atMs), tookMs })
        onProgress(`${kind} ${i + 1} of ${kinds.length}: ${tookMs} ms`)
      }
      return trials
    } finally {
      await load.stop()
      await network.stop()
    }
  }

  async #trial(network: Network, load: LightLoad, kind: TrialKind): Promise<number> {
    const leader = await this.#settledLeader(network, load)
    const { name } = leader.member
    const { term } = load
    const startMs = monotonicMs()
    leader.signal(kind === 'kill' ? 'SIGKILL' : 'SIGSTOP')
    const committed = await eventually(() => load.term > term, { withinMs: GIVE_UP_MS, everyMs: 1 })
    if (!committed) throw new Error(`no commit within ${GIVE_UP_MS} ms after ${name} was taken away (${kind})`)
    const tookMs = Math.round(load.firstOf(load.term) - startMs)
    if (kind === 'silence') leader.signal('SIGCONT')
    else {
      await leader.exited
      leader.start()
    }
    await leader.ready()
    return tookMs
  }

  /** Whoever leads at the end of a pause in which no client had to do with it. */
  async #settledLeader(network: Network, load: LightLoad): Promise<NodeProcess> {
    for (;;) {
      const name = await network.leader()
      load.avoid(name)
      await sleep(this.#random.between(SETTLE_MS.least, SETTLE_MS.most))
      const leader = network.nodes.find(({ member }) => member.name === name)
      if (leader !== undefined && (await network.leader()) === name) return leader
    }
  }
}

/** One request every 1/rate seconds, at the validators in turn but one. */
class LightLoad {
  readonly #network: Network
  readonly #rate: number
  readonly #clients: ReadonlyMap<string, Client>
  readonly #practitioners: readonly Signer[]
  readonly #firstMs = new Map<number, number>()
  #avoided = ''
  #sent = 0
  #timer: NodeJS.Timeout | null = null
  #failure: Error | null = null
  readonly #stopping = new AbortController()
  readonly #underWay = new Set<Promise<void>>()

  constructor(network: Network, { rate }: Pick<BenchOptions, 'rate'>) {
    this.#network = network
    this.#rate = rate
    const { devnet, nodes } = network
    this.#clients = new Map(
      nodes.map(({ member }) => [member.name, connect({ url: member.rpcUrl, genesis: devnet.genesis.signed })]),
    )
    this.#practitioners = network.practitioners.map((file) => {
      const { identity, signing } = loadPersonFile(file)
      return { identity, keyId: 0, sign: signing.sign }
    })
  }

  /** Of the newest block that a client holds a receipt of. Throws when a request failed. */
  get term(): number {
    if (this.#failure !== null) throw this.#failure
    return Math.max(0, ...this.#firstMs.keys())
  }

  /** When the first receipt of a block of this term was there. Monotonic ms. */
  firstOf(term: number): number {
    return this.#firstMs.get(term) ?? Number.NaN
  }

  /** Clients have no business with this node from now on. */
  avoid(name: string): void {
    this.#avoided = name
  }

  start(): void {
    this.#timer = setInterval(() => this.#send(), 1_000 / this.#rate)
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#stopping.abort()
    await Promise.all(this.#underWay)
  }

  #send(): void {
    const names = [...this.#clients.keys()].filter((name) => name !== this.#avoided)
    const client = this.#clients.get(names[this.#sent++ % names.length] as string) as Client
    const request = this.#request(client).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#failure = error as Error
    })
    this.#underWay.add(request)
    request.finally(() => this.#underWay.delete(request))
  }

  async #request(client: Client): Promise<void> {
    const { devnet, patients } = this.#network
    const requester = memberNamed(devnet, REQUESTER).keys
    const signer = this.#practitioners[this.#sent % this.#practitioners.length] as Signer
    const call = {
      contract: 'access',
      method: 'request',
      args: {
        patient: patients[this.#sent % patients.length] as string,
        custodian: memberNamed(devnet, CUSTODIAN).keys.institution,
        practitioner: signer.identity,
        role: 'physician',
        institution: requester.institution,
        purpose: 'TREAT',
        records: [],
        recipientKey: requester.encryption.publicKey,
        breakGlass: null,
      },
    }
    const receipt = await client.submit([call], {
      signer,
      lifetimeMs: LIFETIME_MS,
      signal: this.#stopping.signal,
    })
    const term = termOf(receipt)
    if (!this.#firstMs.has(term)) this.#firstMs.set(term, monotonicMs())
  }
}

const termOf = ({ proof }: CommittedReceipt): number => proof.header.term
