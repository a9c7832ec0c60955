// A process that makes load: signs access requests, sends them through the SDK, verifies every receipt.

import { type Client, type CommittedReceipt, connect } from '../../src/client/client.ts'
import type { NamedCall } from '../../src/client/interfaces.ts'
import type { Signer } from '../../src/client/signer.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { SeededRandom } from '../../src/fhir/seeded-random.ts'
import { loadGenesis } from '../../src/node/genesis-file.ts'
import { loadKeyFile } from '../../src/node/key-file.ts'
import { loadPersonFile } from '../../src/node/person-file.ts'
import type { FromClient, Kind, LoadPlan, Sample, ToClient } from './load-plan.ts'
import { monotonicMs } from './monotonic.ts'

const tell = (message: FromClient): void => void process.send?.(message)
const untilMs = (dueMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - monotonicMs())))

const KINDS = ['routine', 'consentChange', 'breakGlass', 'auditRead'] as const satisfies readonly Kind[]

class Load {
  readonly samples: Sample[] = []
  readonly failures: string[] = []
  readonly #plan: LoadPlan
  readonly #clients: readonly [Client, ...Client[]]
  readonly #practitioners: readonly [Signer, ...Signer[]]
  readonly #patients: readonly [string, ...string[]]
  readonly #institution: Signer
  readonly #custodian: Signer
  readonly #regulator: Signer
  /** Given by this process, not revoked. */
  readonly #dissents: string[] = []
  readonly #random: SeededRandom
  #sent = 0

  constructor(plan: LoadPlan) {
    this.#plan = plan
    const { signed } = loadGenesis(plan.genesisFile, { complete: true })
    this.#clients = nonEmpty(plan.urls.map((url) => connect({ url, genesis: signed })))
    this.#practitioners = nonEmpty(
      plan.practitioners.map((file) => {
        const { identity, signing } = loadPersonFile(file)
        return { identity, keyId: 0, sign: signing.sign }
      }),
    )
    this.#patients = nonEmpty(plan.patients)
    this.#institution = institutionSigner(plan.institutionKeys)
    this.#custodian = institutionSigner(plan.custodianKeys)
    this.#regulator = institutionSigner(plan.regulatorKeys)
    this.#random = new SeededRandom(plan.seed)
  }

  async run(): Promise<void> {
    await untilMs(this.#plan.startMs)
    const { arrival } = this.#plan
    if (arrival.kind === 'closed') await this.#runClosed(arrival.workers)
    else await this.#runOpen(arrival.perSecond)
  }

  async #runClosed(workers: number): Promise<void> {
    const work = async (): Promise<void> => {
      for (let nowMs = monotonicMs(); nowMs < this.#plan.endMs; nowMs = monotonicMs()) await this.#request(nowMs)
    }
    await Promise.all(Array.from({ length: workers }, work))
  }

  async #runOpen(perSecond: number): Promise<void> {
    const { startMs, endMs } = this.#plan
    const underWay: Promise<void>[] = []
    for (let i = 0; ; i++) {
      const dueMs = startMs + (i * 1_000) / perSecond
      if (dueMs >= endMs) break
      if (dueMs > monotonicMs()) await untilMs(dueMs)
      underWay.push(this.#request(dueMs))
    }
    await Promise.all(underWay)
  }

  async #request(dueMs: number): Promise<void> {
    const kind = this.#pickKind()
    const client = this.#clients[this.#sent++ % this.#clients.length] as Client
    try {
      const height = await this.#doers[kind](client)
      this.samples.push({ kind, dueMs, doneMs: monotonicMs(), height })
    } catch (error) {
      this.failures.push(`${kind}: ${(error as Error).message}`)
    }
  }

  #pickKind(): Kind {
    let left = this.#random.next() / 2 ** 32
    for (const kind of KINDS) {
      left -= this.#plan.mix[kind]
      if (left < 0) return kind
    }
    return 'routine'
  }

  /** Each answers the height of its block. */
  readonly #doers: { readonly [kind in Kind]: (client: Client) => Promise<number> } = {
    routine: async (client) => {
      const { callsPerTransaction } = this.#plan
      const practitioner = this.#random.pick(this.#practitioners)
      const calls = Array.from({ length: callsPerTransaction }, () => this.#accessRequest(practitioner))
      const signer = callsPerTransaction === 1 ? practitioner : this.#institution
      return expectOutcome(await client.submit(calls, { signer }), 'PERMIT')
    },
    breakGlass: async (client) => {
      const practitioner = this.#random.pick(this.#practitioners)
      const { args, ...call } = this.#accessRequest(practitioner)
      const breakGlass = { reason: 'unconscious', comment: randomBytes(32).toHex() }
      const calls = [{ ...call, args: { ...args, purpose: 'BTG', breakGlass } }]
      return expectOutcome(await client.submit(calls, { signer: practitioner }), 'PERMIT_BTG')
    },
    /** A dissent from marketing is given, or one that was given is revoked. */
    consentChange: async (client) => {
      const given = this.#random.next() % 2 === 0 ? this.#dissents.pop() : undefined
      const consent = given ?? randomBytes(32).toHex()
      const args = given === undefined ? this.#dissent(consent) : { consent }
      const call = { contract: 'consent', method: given === undefined ? 'register' : 'revoke', args }
      const receipt = await client.submit([call], { signer: this.#custodian })
      const [{ status, code } = { status: 'refused', code: 'no call' }] = receipt.calls
      if (status === 'refused') throw new Error(`consent.${call.method} refused: ${code}`)
      if (given === undefined) this.#dissents.push(consent)
      return receipt.height
    },
    auditRead: async (client) => {
      const args = { patient: this.#random.pick(this.#patients), afterDecision: 0, afterChange: 0, afterRead: 0 }
      const read = { signer: this.#regulator, reason: 'oversight' as const }
      return (await client.signedQuery({ contract: 'audit', method: 'trail', args }, read)).height
    },
  }

  #accessRequest(practitioner: Signer): NamedCall {
    const { custodian, institution, recipientKey } = this.#plan
    return {
      contract: 'access',
      method: 'request',
      args: {
        patient: this.#random.pick(this.#patients),
        custodian,
        practitioner: practitioner.identity,
        role: 'physician',
        institution,
        purpose: 'TREAT',
        records: [],
        recipientKey,
        breakGlass: null,
      },
    }
  }

  #dissent(consent: string): NonNullable<NamedCall['args']> {
    const { custodian } = this.#plan
    const clause = { type: 'deny', recipients: [], purposes: ['HMARKT'], from: null, to: null, limited: false }
    const document = randomBytes(32).toHex()
    const patient = this.#random.pick(this.#patients)
    return {
      consent,
      patient,
      custodian,
      delegation: null,
      document,
      limits: null,
      recorder: custodian,
      clauses: [clause],
    }
  }
}

/** Throws unless every call was decided so. */
function expectOutcome({ calls, height }: CommittedReceipt, expected: string): number {
  for (const { status, code, value } of calls) {
    if (status === 'refused') throw new Error(`access.request refused: ${code}`)
    const { outcome } = value as { outcome: string }
    if (outcome !== expected) throw new Error(`access.request decided ${outcome}`)
  }
  return height
}

function institutionSigner(file: string): Signer {
  const { institution, signing } = loadKeyFile(file)
  return { identity: institution, keyId: 0, sign: signing.sign }
}

function nonEmpty<T>(items: readonly T[]): readonly [T, ...T[]] {
  if (items.length === 0) throw new Error('a load needs nodes and practitioners')
  return items as readonly [T, ...T[]]
}

// Ends when the other side has the answer and hangs up: what is sent right before an exit may get lost.
process.on('message', async ({ plan }: ToClient) => {
  const load = new Load(plan)
  await load.run()
  tell({ kind: 'done', samples: load.samples, failures: load.failures })
})
tell({ kind: 'ready' })
