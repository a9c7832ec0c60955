// A small consortium for the tests of the built-in contracts: their real sources, compiled and run by the real machine on
// state in memory. Hospital A holds the record of one patient; people of hospital B ask for it.

import { sha256Hex } from '../../crypto/hash.ts'
import type { Hash, IdentityId } from '../../types/brand.ts'
import type { Value } from '../../types/canonical-value.ts'
import type { ContractEvent } from '../../types/receipt.ts'
import { type AbiEntry, argumentsFromJson, type Json, valueToJson } from '../abi.ts'
import { withinBound } from '../clause.test-support.ts'
import { type ContractSet, executeCall, queryView } from '../execute.ts'
import { MemoryState } from '../memory-state.ts'
import { builtinContracts } from './builtin.test-support.ts'

/** 32 bytes that a name stands for: ids, keys and hashes alike. */
export const id = (name: string): string => sha256Hex(new TextEncoder().encode(name))

export const hospitalA = id('hospital A')
export const hospitalB = id('hospital B')
export const laboratory = id('laboratory')
export const regulator = id('regulator')
export const patient = id('patient')
export const mother = id('mother')
export const father = id('father')
export const physician = id('physician of B')
export const nurse = id('nurse of B')
export const researcher = id('researcher of B')
export const clerk = id('clerk of A')
export const privacyOfficer = id('privacy officer of A')
export const stranger = id('nobody knows this id')

export const signingKeyOf = (identity: string): string => id(`signing key of ${identity}`)
export const encryptionKeyOf = (identity: string): string => id(`encryption key of ${identity}`)

export const consensusKeyOf = (identity: string): string => id(`consensus key of ${identity}`)

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const GAS = 100_000_000

type Fields = { readonly [key: string]: Json }

export type Attempt =
  | { readonly status: 'ok'; readonly value: Json; readonly events: readonly ContractEvent[]; readonly gas: number }
  | { readonly status: 'refused'; readonly code: string; readonly detail: string | undefined; readonly gas: number }

export interface Answer {
  readonly decision: number
  readonly outcome: 'DENY' | 'PERMIT' | 'PERMIT_FILTERED' | 'PERMIT_BTG'
  readonly filtered: boolean
  readonly basis: 'consent' | 'implicit' | 'breakGlass' | null
  readonly reasons: readonly string[]
  readonly clauses: readonly Fields[]
  readonly vouchedBy: string | null
  readonly algorithm: number
  readonly height: number
  readonly expiresAt: number | null
}

export class Consortium {
  readonly contracts: ContractSet
  readonly state = new MemoryState()
  nowMs = Date.UTC(2026, 0, 5, 8)
  height = 0
  epoch = 0
  private calls = 0

  constructor() {
    this.contracts = builtinContracts()
    this.found()
    this.height = 1
    this.enroll()
  }

  /** Later blocks: time and height move on. Calls without it between them stand in one block. */
  pass(ms: number): void {
    this.nowMs += ms
    this.height += 1
  }

  attempt(sender: string, method: string, named: Fields = {}): Attempt {
    const { contract, entry } = this.entry(method)
    const args = argumentsFromJson(this.abi(contract), entry.name, named)
    const context = {
      sender: sender as IdentityId,
      timeMs: this.nowMs,
      height: this.height,
      epoch: this.epoch,
      transactionId: id(`transaction ${this.calls++}`) as Hash,
      callIndex: 0,
      genesis: this.height === 0,
    }
    const call = { contract, method: entry.name, args }
    const ran = this.state.tentatively(
      () => executeCall(this.contracts, call, { context, state: this.state, gasLimit: GAS }),
      ({ status }) => status === 'ok',
    )
    const outcome = withinBound(this.contracts, call, ran)
    if (outcome.status === 'refused') return { ...outcome, detail: outcome.detail }
    return { ...outcome, value: this.json(entry, outcome.value) }
  }

  /** The value returned; a refusal is an error of the test. */
  act(sender: string, method: string, named: Fields = {}): Json {
    const attempt = this.attempt(sender, method, named)
    if (attempt.status === 'ok') return attempt.value
    throw new Error(`${method} was refused: ${attempt.code} ${attempt.detail ?? ''}`)
  }

  /** The refusal's code, or `ok`. */
  code(sender: string, method: string, named: Fields = {}): string {
    const attempt = this.attempt(sender, method, named)
    return attempt.status === 'ok' ? 'ok' : attempt.code
  }

  ask(method: string, named: Fields = {}): Json {
    const { contract, entry } = this.entry(method)
    const args = argumentsFromJson(this.abi(contract), entry.name, named)
    const context = { timeMs: this.nowMs, height: this.height, epoch: this.epoch }
    const call = { contract, method: entry.name, args }
    const ran = queryView(this.contracts, call, { context, state: this.state, gasLimit: GAS })
    const outcome = withinBound(this.contracts, call, ran)
    if (outcome.status === 'refused') throw new Error(`${method} was refused: ${outcome.code} ${outcome.detail ?? ''}`)
    return this.json(entry, outcome.value)
  }

  /** Registers a consent of the patient at hospital A, by default a permit for treatment by everybody, signed by the patient. */
  consent(name: string, { clauses = [permit()], sender = patient, ...rest }: Partial<ConsentOptions> = {}): string {
    this.act(sender, 'consent.register', registration(name, { clauses, ...rest }))
    return id(name)
  }

  /** A request by the physician of hospital B with her own key, for treatment, at hospital A. */
  request(options: RequestOptions = {}): Answer {
    const { sender = physician, ...rest } = options
    return this.act(sender, 'access.request', requestFields(rest)) as unknown as Answer
  }

  abi(contract: string) {
    const abi = this.contracts.abi(contract)
    if (abi === undefined) throw new Error(`no contract ${contract}`)
    return abi
  }

  private entry(method: string): { readonly contract: string; readonly entry: AbiEntry } {
    const [contract = '', name = ''] = method.split('.')
    const entry = this.abi(contract).entries.find((candidate) => candidate.name === name)
    if (entry === undefined) throw new Error(`no method ${method}`)
    return { contract, entry }
  }

  private json(entry: AbiEntry, value: Value): Json {
    return entry.returns === null ? null : valueToJson(entry.returns, value)
  }

  private found(): void {
    this.act(hospitalA, 'policy.establish')
    for (const [institution, kind, name] of [
      [hospitalA, 'hospital', 'Hospital A'],
      [hospitalB, 'hospital', 'Hospital B'],
      [laboratory, 'laboratory', 'Laboratory'],
      [regulator, 'regulator', 'Regulator'],
    ] as const) {
      this.act(institution, 'registry.found', {
        institution,
        kind,
        name,
        signing: signingKeyOf(institution),
        encryption: encryptionKeyOf(institution),
        transport: id(`transport key of ${institution}`),
      })
    }
    const founders = [hospitalA, hospitalB, laboratory].map((institution) => ({
      institution,
      consensus: consensusKeyOf(institution),
    }))
    this.act(regulator, 'validators.establish', { b: 0, founders })
  }

  private enroll(): void {
    this.practitioner(hospitalB, physician, 'physician')
    this.practitioner(hospitalB, nurse, 'nurse')
    this.practitioner(hospitalB, researcher, 'researcher')
    this.practitioner(hospitalA, clerk, 'administrator')
    this.practitioner(hospitalA, privacyOfficer, 'privacyOfficer')
    for (const person of [patient, mother, father]) this.person(hospitalA, person)
  }

  practitioner(institution: string, practitioner: string, ...roles: string[]): void {
    this.act(institution, 'registry.enrollPractitioner', { practitioner, roles, ...keysOf(practitioner) })
  }

  person(institution: string, person: string): void {
    this.act(institution, 'registry.enrollPatient', { patient: person, ...keysOf(person) })
  }
}

const keysOf = (identity: string) => ({ signing: signingKeyOf(identity), encryption: encryptionKeyOf(identity) })

export interface ClauseOptions {
  readonly recipients?: readonly Fields[]
  readonly purposes?: readonly string[]
  readonly from?: number | null
  readonly to?: number | null
  readonly limited?: boolean
}

const clause = (type: 'permit' | 'deny', stated: ClauseOptions): Fields => ({
  type,
  recipients: stated.recipients ?? [],
  purposes: stated.purposes ?? [],
  from: stated.from ?? null,
  to: stated.to ?? null,
  limited: stated.limited ?? false,
})
/** A permit for treatment unless it says otherwise. */
export const permit = (stated: ClauseOptions = {}): Fields => clause('permit', { purposes: ['TREAT'], ...stated })
/** A deny for every purpose unless it says otherwise. */
export const deny = (stated: ClauseOptions = {}): Fields => clause('deny', stated)

export const toPerson = (person: string): Fields => ({ kind: 'person', id: person, at: null })
export const toPersonAt = (person: string, at: string): Fields => ({ kind: 'personAt', id: person, at })
export const toInstitution = (institution: string): Fields => ({ kind: 'institution', id: institution, at: null })
export const toGroup = (group: string): Fields => ({ kind: 'group', id: group, at: null })

export interface ConsentOptions {
  readonly sender: string
  readonly patient: string
  readonly custodian: string
  readonly delegation: string | null
  readonly recorder: string | null
  readonly clauses: readonly Fields[]
}

/** Arguments of consent.register. */
export function registration(name: string, options: Partial<Omit<ConsentOptions, 'sender'>> = {}): Fields {
  return {
    consent: id(name),
    patient: options.patient ?? patient,
    custodian: options.custodian ?? hospitalA,
    ...version(options),
  }
}

/** What register and update have in common. */
export function version(options: Partial<ConsentOptions> = {}): Fields {
  const clauses = options.clauses ?? [permit()]
  return {
    delegation: options.delegation ?? null,
    document: id('document'),
    limits: clauses.some(({ limited }) => limited === true) ? id('limits') : null,
    recorder: options.recorder ?? null,
    clauses,
  }
}

export interface RequestOptions {
  readonly sender?: string
  readonly patient?: string
  readonly custodian?: string
  readonly practitioner?: string | null
  readonly role?: string
  readonly institution?: string
  readonly purpose?: string
  readonly records?: readonly string[]
  readonly recipientKey?: string
  readonly breakGlass?: Fields | null
}

/** Arguments of access.request. */
export function requestFields(options: RequestOptions = {}): Fields {
  const practitioner = options.practitioner === undefined ? physician : options.practitioner
  const institution = options.institution ?? hospitalB
  return {
    patient: options.patient ?? patient,
    custodian: options.custodian ?? hospitalA,
    practitioner,
    role: options.role ?? (practitioner === null ? 'institution' : 'physician'),
    institution,
    purpose: options.purpose ?? 'TREAT',
    records: options.records ?? [],
    recipientKey: options.recipientKey ?? encryptionKeyOf(practitioner ?? institution),
    breakGlass: options.breakGlass ?? null,
  }
}

/** What break-glass needs beside its purpose. */
export const emergency: RequestOptions = {
  purpose: 'BTG',
  breakGlass: { reason: 'unconscious', comment: id('salted comment') },
}
