// A process that makes load: signs access requests, sends them through the SDK, verifies every receipt.

import { type Client, type CommittedReceipt, connect } from '../../src/client/client.ts'
import type { NamedCall } from '../../src/client/interfaces.ts'
import type { Signer } from '../../src/client/signer.ts'
import { SeededRandom } from '../../src/fhir/seeded-random.ts'
import { loadGenesis } from '../../src/node/genesis-file.ts'
import { loadKeyFile } from '../../src/node/key-file.ts'
import { loadPersonFile } from '../../src/node/person-file.ts'
import type { FromClient, LoadPlan, Sample, ToClient } from './load-plan.ts'
import { monotonicMs } from './monotonic.ts'

const tell = (message: FromClient): void => void process.send?.(message)
const untilMs = (dueMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - monotonicMs())))

class Load {
  readonly samples: Sample[] = []
  readonly failures: string[] = []
  readonly #plan: LoadPlan
  readonly #clients: readonly [Client, ...Client[]]
  readonly #practitioners: readonly [Signer, ...Signer[]]
  readonly #institution: Signer
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
    const { institution, signing } = loadKeyFile(plan.institutionKeys)
    this.#institution = { identity: institution, keyId: 0, sign: signing.sign }
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
    const { callsPerTransaction } = this.#plan
    const practitioner = this.#random.pick(this.#practitioners as [Signer, ...Signer[]])
    const calls = Array.from({ length: callsPerTransaction }, () => this.#accessRequest(practitioner))
    const signer = callsPerTransaction === 1 ? practitioner : this.#institution
    const client = this.#clients[this.#sent++ % this.#clients.length] as Client
    try {
      const receipt = await client.submit(calls, { signer })
      expectPermits(receipt)
      this.samples.push({ dueMs, doneMs: monotonicMs(), height: receipt.height })
    } catch (error) {
      this.failures.push((error as Error).message)
    }
  }

  #accessRequest(practitioner: Signer): NamedCall {
    const { custodian, institution, recipientKey, patients } = this.#plan
    return {
      contract: 'access',
      method: 'request',
      args: {
        patient: this.#random.pick(patients as [string, ...string[]]),
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
}

function expectPermits({ calls }: CommittedReceipt): void {
  for (const { status, code, value } of calls) {
    if (status === 'refused') throw new Error(`access.request refused: ${code}`)
    const { outcome } = value as { outcome: string }
    if (outcome !== 'PERMIT') throw new Error(`access.request decided ${outcome}`)
  }
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
