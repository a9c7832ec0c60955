// Clients that read and write the registers through the public RPC while faults come and go, and write down what they
// asked, when, and what they were told. Every receipt is verified by the SDK.

import { type Client, type CommittedReceipt, connect } from '../../src/client/client.ts'
import { ClientError } from '../../src/client/errors.ts'
import type { DecodedCall, NamedCall } from '../../src/client/interfaces.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { sleep } from '../../src/devnet/sleep.ts'
import { SeededRandom } from '../../src/fhir/seeded-random.ts'
import type { SignedTransaction } from '../../src/types/transaction.ts'
import type { Member, Network } from './network.ts'
import { callOf, type Input, type Output, outputOf, type Parties, termsOf } from './registers.ts'

/** One request, as its client saw it. */
export interface Request {
  readonly client: number
  readonly input: Input
  /** Null: a read, which leaves nothing behind. */
  readonly signed: SignedTransaction | null
  /** Monotonic. */
  readonly startMs: number
  endMs: number
  /** Null: the client was not told what came of it, for this reason. */
  output: Output | null
  height: number | null
  reason: string
  /** It was told that this can never be committed. */
  refused: boolean
}

export interface LoadOptions {
  readonly seed: number
  readonly clients: number
}

/** Few, so that clients meet on them. */
const CONSENTS = 4
const GROUPS = 2
/** Long enough to outlive most faults, short enough that its end can be waited for. */
export const LIFETIME_MS = 20_000
/** Between two requests of a client: a light load, so that what is measured is faults and not the machine. */
const THINK_MS = { least: 10, most: 120 } as const

export class Load {
  readonly requests: Request[] = []
  readonly #network: Network
  readonly #parties: Parties
  readonly #groups: readonly string[]
  readonly #options: LoadOptions
  /** What any client saw last: a guess that updates name. */
  readonly #versions = new Map<string, number>()
  #running: Promise<void>[] = []
  #stopping = false

  private constructor(
    network: Network,
    { parties, groups, options }: { parties: Parties; groups: readonly string[]; options: LoadOptions },
  ) {
    this.#network = network
    this.#parties = parties
    this.#groups = groups
    this.#options = options
  }

  /** Enrols people and writes version 1 of every register. */
  static async prepare(network: Network, options: LoadOptions): Promise<Load> {
    const [first, requester] = network.members
    if (first === undefined || requester === undefined) throw new Error('expected at least two institutions')
    const newId = (): string => randomBytes(32).toHex()
    const practitioner = newId()
    const patientOf = new Map(Array.from({ length: CONSENTS }, () => [newId(), newId()] as const))
    const groups = Array.from({ length: GROUPS }, newId)
    const custodian = first.keys.institution
    const parties = {
      custodian,
      requester: requester.keys.institution,
      practitioner,
      recipientKey: requester.keys.encryption.publicKey,
      patientOf,
    }
    await network.act(requester.name, [
      registry('enrollPractitioner', { practitioner, roles: ['physician'], signing: null, encryption: null }),
    ])
    await network.act(first.name, [
      ...[...patientOf.values()].map((patient) =>
        registry('enrollPatient', { patient, signing: null, encryption: null }),
      ),
      ...[...patientOf].map(([consent, patient]) => ({
        contract: 'consent',
        method: 'register',
        args: { consent, patient, custodian, ...termsOf(true, { recorder: custodian }) },
      })),
      ...groups.map((group) => registry('setGroup', { group, members: [] })),
    ])
    return new Load(network, { parties, groups, options })
  }

  start(): void {
    this.#running = Array.from({ length: this.#options.clients }, (_, i) => this.#work(i))
  }

  /** Lets what is under way be decided or expire. */
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#running)
  }

  async #work(client: number): Promise<void> {
    const random = new SeededRandom(this.#options.seed * 1_000 + client)
    const { members } = this.#network
    const writer = this.#clientOf(members, client)
    // ReadIndex is answered by validators alone.
    const reader = this.#clientOf(
      members.filter(({ role }) => role === 'validator'),
      client,
    )
    while (!this.#stopping) {
      const input = this.#draw(random)
      if (input.kind === 'readGroup') await this.#read(client, input, reader)
      else await this.#write(client, input, writer)
      await sleep(random.between(THINK_MS.least, THINK_MS.most))
    }
  }

  /** Each begins at another node and moves on when that one does not answer. */
  #clientOf(members: readonly Member[], client: number): Client {
    const url = members.map((_, i) => members[(client + i) % members.length]?.rpcUrl ?? '')
    return connect({ url, genesis: this.#network.devnet.genesis.signed })
  }

  #draw(random: SeededRandom): Input {
    const consent = random.pick([...this.#parties.patientOf.keys()] as [string, ...string[]])
    const group = random.pick(this.#groups as [string, ...string[]])
    switch (random.between(0, 4)) {
      case 0:
        return { kind: 'requestAccess', key: consent }
      case 2:
        return { kind: 'readGroup', key: group }
      case 1: {
        const members = this.#network.members.map(({ keys }) => keys.institution)
        return { kind: 'setGroup', key: group, members: members.filter(() => random.between(0, 1) === 0) }
      }
      default: {
        const replaces = this.#versions.get(consent) ?? 1
        return { kind: 'updateConsent', key: consent, replaces, permits: random.between(0, 1) === 0 }
      }
    }
  }

  #note(client: number, input: Input, signed: SignedTransaction | null): Request {
    const startMs = performance.now()
    const nothing = { output: null, height: null, reason: '', refused: false }
    const request: Request = { client, input, signed, startMs, endMs: startMs, ...nothing }
    this.requests.push(request)
    return request
  }

  async #read(client: number, input: Input, node: Client): Promise<void> {
    const request = this.#note(client, input, null)
    try {
      const { value } = await node.queryLatest(callOf(input, this.#parties))
      request.output = outputOf(input, { status: 'ok', code: 'OK', value })
    } catch (error) {
      request.reason = reasonOf(error)
    }
    request.endMs = performance.now()
  }

  async #write(client: number, input: Input, node: Client): Promise<void> {
    const signer = this.#network.signer(this.#signerOf(input))
    const signed = node.sign([callOf(input, this.#parties)], { signer, lifetimeMs: LIFETIME_MS })
    const request = this.#note(client, input, signed)
    try {
      const receipt = await node.submitSigned(signed)
      learn(request, receipt)
      const { output } = request
      if (output !== null && output.kind !== 'conflict') this.#versions.set(input.key, output.version)
    } catch (error) {
      // The node may have taken it and not have come to say so: nothing is known.
      request.reason = reasonOf(error)
      request.refused = (error as ClientError).code === 'REFUSED'
    }
    request.endMs = performance.now()
  }

  #signerOf({ kind }: Input): string {
    const { requester } = this.#parties
    const [first] = this.#network.members
    const asking = this.#network.members.find(({ keys }) => keys.institution === requester)
    return (kind === 'requestAccess' ? asking?.name : first?.name) ?? ''
  }
}

/** What the verified receipt says. */
export function learn(request: Request, { calls, height }: CommittedReceipt): void {
  request.output = outputOf(request.input, calls[0] as DecodedCall)
  request.height = height
}

/** Throws what is not the SDK's word. */
function reasonOf(error: unknown): string {
  if (!(error instanceof ClientError)) throw error
  return error.refusal?.reason ?? error.refusal?.code ?? error.code
}

const registry = (method: string, args: object): NamedCall => ({ contract: 'registry', method, args }) as NamedCall
