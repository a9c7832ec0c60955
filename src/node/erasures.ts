// What was asked to be erased, against what this institution still keeps: bodies of records and consents with their keys and
// salts, rows of the index, free texts of break-glasses. The chain remembers every erasure, so that a restored backup is told
// of those that it missed: before this node serves anything, and after every commit. spec/privacy.md, "Erasure".

import type { IdentityIndex } from '../fhir/identity-index.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { asIdentityId, type IdentityId } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import type { Call } from '../types/transaction.ts'
import type { SealedStore } from '../vault/sealed-store.ts'
import { forgetComment } from './break-glass-comments.ts'
import type { Cancel, Clock, Timers } from './clock.ts'
import type { CommitFeed } from './commit-feed.ts'
import type { Log } from './log.ts'
import { idValue, queryView } from './query.ts'

/** A receipt that could not be committed is tried again. */
const LOOK_MS = 5_000
/** Entries of one answer (spec/contracts.md, "Pages"). */
const PAGE = { erasures: 64, consents: 16, decisions: 32 } as const

/** What was destroyed. */
export interface Destroyed {
  readonly records: number
  /** Bodies and data limits of consents, each with its salt. */
  readonly consentParts: number
  readonly identifiers: number
  readonly comments: number
}

interface Erasure {
  readonly number: number
  readonly patient: Uint8Array
  readonly declined: string | null
  readonly erasedAt: number | null
}

interface StoredConsent {
  readonly consent: Uint8Array
  readonly custodian: Uint8Array
}

interface StoredDecision {
  readonly decision: number
  readonly terms: {
    readonly request: { readonly institution: Uint8Array; readonly breakGlass: { readonly comment: Uint8Array } | null }
  }
}

export interface ErasureParts {
  readonly ledger: Ledger
  readonly institution: IdentityId
  readonly records: SealedStore
  readonly consents: SealedStore
  readonly index: IdentityIndex
  /** The institution's, where the free texts of break-glasses lie. */
  readonly folder: string
  /** byHand: open requests wait for `erase`. */
  readonly mode: 'atOnce' | 'byHand'
  readonly send: (calls: readonly Call[]) => Promise<unknown>
  readonly clock: Clock
  readonly log: Log
}

export class Erasures {
  readonly #parts: ErasureParts
  /** Everything up to here is erased. */
  #settled = 0
  #looking: Promise<void> | null = null
  #isStopped = false
  readonly #cancels: Cancel[] = []

  constructor(parts: ErasureParts) {
    this.#parts = parts
  }

  /** Before anything is served: destroys what a restored folder still holds. Receipts that are missing come later. */
  async reapply(): Promise<void> {
    const { records, consents, log } = this.#parts
    const due = this.#from(0).filter((erasure) => this.#isDue(erasure))
    for (const { patient, number, erasedAt } of due) {
      const destroyed = await this.#destroy(asIdentityId(patient.toHex()))
      const isRestored = erasedAt !== null && Object.values(destroyed).some((count) => count > 0)
      if (isRestored)
        log.warn({ erasure: number, ...destroyed }, 'restored data that was erased before is erased again')
    }
    // A crash may have come between a deletion and its compaction.
    if (due.some(({ erasedAt }) => erasedAt === null)) await Promise.all([records.compactAll(), consents.compactAll()])
  }

  start({ feed, timers }: { feed: CommitFeed; timers: Timers }): void {
    const unsubscribe = feed.subscribe((blocks) => {
      const calls = blocks.flatMap(({ transactions }) => transactions.flatMap(({ transaction }) => transaction.calls))
      if (calls.some(({ contract }) => contract === 'erasure')) this.look()
    })
    this.#cancels.push(
      unsubscribe,
      timers.every(LOOK_MS, () => this.look()),
    )
    this.look()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const cancel of this.#cancels.splice(0)) cancel()
    await this.#looking
  }

  /** Whether nothing may be kept or released under this id any more. */
  isErased(patient: IdentityId): boolean {
    const erasure = this.#find(patient)
    return erasure !== null && this.#isDue(erasure)
  }

  /** When the receipt was committed, ms UTC; null: not yet, or nobody asked. */
  receiptOf(patient: IdentityId): number | null {
    return this.#find(patient)?.erasedAt ?? null
  }

  /** Destroys what this institution keeps of a patient, and commits the receipt. `ground`: where nobody has asked yet. */
  async erase(patient: IdentityId, ground: string): Promise<Destroyed> {
    const { send, institution } = this.#parts
    const erasure = this.#find(patient)
    if (erasure === null) await send([call('ask', [idValue(patient), idValue(institution), ground])])
    const destroyed = await this.#destroy(patient)
    // Where it is done at once, the receipt may be there already.
    if (this.receiptOf(patient) === null) await this.#confirm(patient)
    return destroyed
  }

  /** Carries out what is open. One look at a time; what comes meanwhile, the next one sees. */
  look(): void {
    if (this.#looking !== null || this.#isStopped) return
    this.#looking = this.#carryOut()
      .catch((error: unknown) => this.#parts.log.warn({ error }, 'an erasure is not done yet; it will be tried again'))
      .finally(() => {
        this.#looking = null
      })
  }

  async #carryOut(): Promise<void> {
    let isSettled = true
    for (const erasure of this.#from(this.#settled)) {
      if (erasure.erasedAt === null) isSettled = false
      else if (isSettled) this.#settled = erasure.number
      if (erasure.erasedAt !== null || !this.#isDue(erasure)) continue
      const patient = asIdentityId(erasure.patient.toHex())
      const destroyed = await this.#destroy(patient)
      this.#parts.log.info({ erasure: erasure.number, ...destroyed }, 'erased what was kept of a patient')
      await this.#confirm(patient)
    }
  }

  #isDue({ erasedAt, declined }: Erasure): boolean {
    return erasedAt !== null || (this.#parts.mode === 'atOnce' && declined === null)
  }

  async #destroy(patient: IdentityId): Promise<Destroyed> {
    const { records, consents, index, folder } = this.#parts
    let identifiers = await index.forget(patient)
    for (const consent of this.#consentsOf(patient)) identifiers += await index.forget(consent)
    const comments = this.#commentsOn(patient).filter((commitment) => forgetComment({ folder, commitment })).length
    const consentParts = await consents.eraseOf(patient)
    return { records: await records.eraseOf(patient), consentParts, identifiers, comments }
  }

  async #confirm(patient: IdentityId): Promise<void> {
    await this.#parts.send([call('confirm', [idValue(patient)])])
  }

  /** Registered at this custodian. The index knows them by the identifiers that they have at this institution. */
  #consentsOf(patient: IdentityId): readonly IdentityId[] {
    const consents = this.#pages('consent', 'ofPatient', {
      size: PAGE.consents,
      args: (last: StoredConsent | undefined) => [idValue(patient), last?.consent ?? null],
    })
    const own = consents.filter(({ custodian }) => custodian.toHex() === this.#parts.institution)
    return own.map(({ consent }) => asIdentityId(consent.toHex()))
  }

  /** Commitments to what people of this institution wrote when they broke the glass. */
  #commentsOn(patient: IdentityId): readonly string[] {
    const decisions = this.#pages('access', 'decisionsOf', {
      size: PAGE.decisions,
      args: (last: StoredDecision | undefined) => [idValue(patient), last?.decision ?? 0],
    })
    return decisions.flatMap(({ terms: { request } }) => {
      const isOwn = request.institution.toHex() === this.#parts.institution
      return isOwn && request.breakGlass !== null ? [request.breakGlass.comment.toHex()] : []
    })
  }

  /** What was asked of this institution, by number, behind the one given. */
  #from(number: number): readonly Erasure[] {
    const institution = idValue(this.#parts.institution)
    return this.#pages('erasure', 'at', {
      size: PAGE.erasures,
      args: (last: Erasure | undefined) => [institution, last?.number ?? number],
    })
  }

  #find(patient: IdentityId): Erasure | null {
    const args = [idValue(patient), idValue(this.#parts.institution)]
    return this.#ask('erasure', 'find', args) as unknown as Erasure | null
  }

  #pages<T>(
    contract: string,
    method: string,
    { size, args }: { size: number; args: (last: T | undefined) => readonly Value[] },
  ): readonly T[] {
    const all: T[] = []
    for (;;) {
      const page = this.#ask(contract, method, args(all.at(-1))) as unknown as readonly T[]
      all.push(...page)
      if (page.length < size) return all
    }
  }

  #ask(contract: string, method: string, args: readonly Value[]): Value {
    const { ledger, clock } = this.#parts
    return queryView(ledger, { contract, method, args }, clock.nowMs())
  }
}

const call = (method: string, args: readonly Value[]): Call => ({ contract: 'erasure', method, args })
