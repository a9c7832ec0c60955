// Data limits at the custodian: the clauses that a decision stands on are joined with their limits from the vault, and the
// filter of the contract `limits` is run over every record before it leaves. spec/consent.md, "Data limits".

import { type DescriptionContext, describeResource } from '../fhir/describe-resource.ts'
import { parseUnambiguous } from '../fhir/parse-json.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import { idsOf, termsOf } from './consent-terms.ts'
import { idValue, queryView } from './query.ts'

/** A clause as a decision names it. */
export interface UsedClause {
  readonly consent: Uint8Array
  readonly version: number
  readonly clause: number
  readonly type: 'permit' | 'deny'
}

/** Answer of `access.releasable`. */
export interface Releasable {
  readonly releasable: boolean
  readonly filtered: boolean
  readonly reasons: readonly string[]
  readonly clauses: readonly UsedClause[]
  readonly codes: number
}

interface LimitedDecision {
  readonly terms: {
    readonly request: { readonly patient: Uint8Array }
    readonly filtered: boolean
    readonly clauses: readonly UsedClause[]
    readonly versions: { readonly codes: number }
  }
}

/** Limits of a consent's clauses by their commitment; null where the vault has none. */
export type LimitsOf = (commitment: Hash) => Promise<readonly Value[] | null>

export class ReleaseLimits {
  readonly #ledger: Ledger
  readonly #limitsOf: LimitsOf
  readonly #timeZone: string
  readonly #custodian: IdentityId

  constructor(parts: {
    readonly ledger: Ledger
    readonly limitsOf: LimitsOf
    readonly timeZone: string
    readonly custodian: IdentityId
  }) {
    this.#ledger = parts.ledger
    this.#limitsOf = parts.limitsOf
    this.#timeZone = parts.timeZone
    this.#custodian = parts.custodian
  }

  /** What leaves must be left by the decision as it was made and as it is made again now; null: nothing is limited. */
  async of(
    now: Releasable,
    { entry: { terms }, nowMs }: { entry: LimitedDecision; nowMs: number },
  ): Promise<((record: Uint8Array) => boolean) | null> {
    const before = { clauses: terms.clauses, codes: terms.versions.codes }
    const stands = [...(terms.filtered ? [before] : []), ...(now.clauses.length > 0 ? [now] : [])]
    if (stands.length === 0) return null
    const patients = idsOf(this.#ledger, terms.request.patient, nowMs)
    const joined = await Promise.all(
      stands.map(async ({ codes, clauses }) => {
        return { codes, clauses: await this.#joined(clauses, { patients, nowMs }) }
      }),
    )
    const context = { timeZone: this.#timeZone, labelling: this.#isLabelling(nowMs) }
    return (record) => joined.every((stand) => this.#leaves(record, { ...stand, context }))
  }

  async #joined(
    clauses: readonly UsedClause[],
    { patients, nowMs }: { patients: readonly Uint8Array[]; nowMs: number },
  ): Promise<readonly Value[]> {
    const joined: Value[] = []
    for (const { consent, version, clause, type } of clauses) {
      const terms = termsOf(this.#ledger, { patients, consent, version, nowMs })
      const isLimited = terms?.clauses[clause]?.limited ?? true
      const all = isLimited && terms?.limits ? await this.#limitsOf(terms.limits.toHex() as Hash) : null
      const limits = all?.[clause] ?? null
      // Limits that are lost: a permit without them permits nothing, a deny without them denies everything.
      if (isLimited && limits === null && type === 'permit') continue
      joined.push({ consent, clause, type, limits })
    }
    return joined
  }

  #isLabelling(nowMs: number): boolean {
    const view = { contract: 'policy', method: 'settings', args: [idValue(this.#custodian)] }
    return (queryView(this.#ledger, view, nowMs) as { labelling: boolean }).labelling
  }

  #leaves(
    record: Uint8Array,
    { codes, clauses, context }: { codes: number; clauses: readonly Value[]; context: DescriptionContext },
  ): boolean {
    const resource = parseUnambiguous(record)
    if (resource === undefined) return false
    const args = [codes, [...clauses], describeResource(resource, context)]
    const outcome = this.#ledger.filter({ contract: 'limits', method: 'mayLeave', args })
    return outcome.status === 'ok' && (outcome.value as { released: boolean }).released
  }
}
