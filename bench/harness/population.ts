// People with consents on a local chain, and access requests about them.

import type { Json } from '../../src/contracts/abi.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { SeededRandom } from '../../src/fhir/seeded-random.ts'
import { CALLS_MAX } from '../../src/types/limits.ts'
import type { LocalCall, LocalChain } from './local-chain.ts'

/** Calls a block while the state grows. */
const GROWTH_CALLS = 2_048

export class Population {
  readonly patients: string[] = []
  #chain: LocalChain
  readonly #random: SeededRandom
  readonly practitioner = randomBytes(32).toHex()

  constructor(chain: LocalChain, seed: number) {
    this.#chain = chain
    this.#random = new SeededRandom(seed)
  }

  async enrollPractitioner(): Promise<void> {
    const keys = { signing: randomBytes(32).toHex(), encryption: randomBytes(32).toHex() }
    const args = { practitioner: this.practitioner, roles: ['physician'], ...keys }
    await this.#chain.commit(this.#chain.transactions([{ contract: 'registry', method: 'enrollPractitioner', args }]))
  }

  /** The same people, after their chain was closed and opened. */
  moveTo(chain: LocalChain): void {
    this.#chain = chain
  }

  /** Patients with a consent each, until there are `count`. */
  async grow(count: number, onProgress: (done: number) => void): Promise<void> {
    while (this.patients.length < count) {
      const added = Array.from({ length: Math.min(GROWTH_CALLS / 2, count - this.patients.length) }, () =>
        randomBytes(32).toHex(),
      )
      const calls = [...added.map(enrolment), ...added.map((patient) => this.#consent(patient))]
      await this.#chain.commit(this.#chain.transactions(calls, CALLS_MAX))
      this.patients.push(...added)
      onProgress(this.patients.length)
    }
  }

  /** Of some patient, by the practitioner, for treatment. */
  request(): LocalCall {
    return {
      contract: 'access',
      method: 'request',
      args: this.#requestOf(this.#random.pick(this.patients as [string, ...string[]])),
    }
  }

  /** The same as a question. */
  decision(): LocalCall {
    const { args } = this.request()
    return { contract: 'access', method: 'decide', args: { submitter: this.#chain.institution, ...args } }
  }

  #requestOf(patient: string): { readonly [parameter: string]: Json } {
    const { institution } = this.#chain
    return {
      patient,
      custodian: institution,
      practitioner: this.practitioner,
      role: 'physician',
      institution,
      purpose: 'TREAT',
      records: [],
      recipientKey: randomBytes(32).toHex(),
      breakGlass: null,
    }
  }

  #consent(patient: string): LocalCall {
    const { institution } = this.#chain
    return {
      contract: 'consent',
      method: 'register',
      args: {
        consent: randomBytes(32).toHex(),
        patient,
        custodian: institution,
        delegation: null,
        document: randomBytes(32).toHex(),
        limits: null,
        recorder: institution,
        clauses: [{ type: 'permit', recipients: [], purposes: ['TREAT'], from: null, to: null, limited: false }],
      },
    }
  }
}

const enrolment = (patient: string): LocalCall => ({
  contract: 'registry',
  method: 'enrollPatient',
  args: { patient, signing: null, encryption: null },
})
