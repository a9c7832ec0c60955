// A closed load: a fixed number of workers, each with one request under way. Every request is an `access.request` of its
// own, individually signed by a practitioner.

import type { Client } from '../client/client.ts'
import type { Hash } from '../types/brand.ts'
import { CUSTODIAN } from './import-folder.ts'
import { practitionerNamed } from './people.ts'
import { type Scenario, signerOf } from './scenario.ts'

export class ClosedLoad {
  readonly #scenario: Scenario
  readonly #clients: readonly Client[]
  readonly #workers: number
  readonly #acknowledged: Hash[] = []
  readonly #commitMs: number[] = []
  readonly latenciesMs: number[] = []
  #running: Promise<void>[] = []
  #stopping = false

  constructor(scenario: Scenario, { clients, workers }: { clients: readonly Client[]; workers: number }) {
    this.#scenario = scenario
    this.#clients = clients
    this.#workers = workers
  }

  start(): void {
    this.#running = Array.from({ length: this.#workers }, (_, i) =>
      this.#work(this.#clients[i % this.#clients.length] as Client),
    )
  }

  /** Lets what is under way finish. Answers the ids of everything that was acknowledged with a certificate. */
  async stop(): Promise<readonly Hash[]> {
    this.#stopping = true
    await Promise.all(this.#running)
    return this.#acknowledged
  }

  get lastCommitMs(): number {
    return this.#commitMs.at(-1) ?? 0
  }

  get count(): number {
    return this.#acknowledged.length
  }

  firstCommitAfter(timeMs: number): number {
    return this.#commitMs.find((each) => each > timeMs) ?? Number.NaN
  }

  async #work(client: Client): Promise<void> {
    const { consortium, people, cast } = this.#scenario
    const physician = practitionerNamed(people, 'dr-b1')
    const institution = consortium.member('hospital-b').keys
    const call = {
      contract: 'access',
      method: 'request',
      args: {
        patient: cast.withoutConsent.keys.identity,
        custodian: consortium.member(CUSTODIAN).keys.institution,
        practitioner: physician.keys.identity,
        role: physician.role,
        institution: institution.institution,
        purpose: 'TREAT',
        records: [],
        recipientKey: institution.encryption.publicKey,
        breakGlass: null,
      },
    }
    while (!this.#stopping) {
      const startMs = performance.now()
      const receipt = await client.submit([call as never], { signer: signerOf(physician) })
      const endMs = performance.now()
      this.#acknowledged.push(receipt.transactionId)
      this.#commitMs.push(endMs)
      this.latenciesMs.push(endMs - startMs)
    }
  }
}
