// What the custodian sends along with records under 42 CFR part 2, or else does not send them: spec/fhir.md, "Redisclosure".

import { isUnderPart2, REDISCLOSURE_NOTICE } from '../fhir/redisclosure.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Hash } from '../types/brand.ts'
import type { ConsentBodyParts } from '../vault/consent-bodies.ts'
import type { Accompaniment, Redisclosure } from '../vault/exchange-ports.ts'
import { idsOf, termsOf } from './consent-terms.ts'
import type { UsedClause } from './release-limits.ts'

export interface DecidedTerms {
  readonly request: { readonly patient: Uint8Array }
  readonly basis: string | null
  readonly clauses: readonly UsedClause[]
  readonly versions: { readonly codes: number }
}

/** A consent's body and salt by their commitment; null where the vault has none. */
export type BodyOf = (commitment: Hash) => Promise<ConsentBodyParts | null>

/** Commitments to the documents of the consents that permit what was decided, each once. */
export function documentsOf(ledger: Ledger, { request, clauses }: DecidedTerms, nowMs: number): readonly Hash[] {
  const patients = idsOf(ledger, request.patient, nowMs)
  const permits = clauses.filter(({ type }) => type === 'permit')
  const documents = permits.flatMap(({ consent, version }) => {
    const terms = termsOf(ledger, { patients, consent, version, nowMs })
    return terms === null ? [] : [terms.document.toHex() as Hash]
  })
  return [...new Set(documents)]
}

export function redisclosureOf(
  decided: DecidedTerms,
  { ledger, bodyOf, nowMs }: { ledger: Ledger; bodyOf: BodyOf; nowMs: number },
): Redisclosure {
  const meansSubstanceUse = (label: string): boolean => {
    const args = [decided.versions.codes, 'SUD', label]
    const outcome = ledger.filter({ contract: 'policy', method: 'meansSensitivity', args })
    // A label that no code can be is none of the table.
    return outcome.status === 'ok' && outcome.value === true
  }
  return {
    applies: (record) => isUnderPart2(record, meansSubstanceUse),
    async accompaniment(): Promise<Accompaniment | null> {
      // In a medical emergency no consent is needed (42 CFR 2.51), and there may be none to copy.
      if (decided.basis === 'breakGlass') return { notice: REDISCLOSURE_NOTICE, consents: [] }
      const documents = documentsOf(ledger, decided, nowMs)
      const bodies = await Promise.all(documents.map(bodyOf))
      const consents = bodies.flatMap((body, i) =>
        body === null ? [] : [{ ...body, commitment: documents[i] as Hash }],
      )
      const isWhole = consents.length > 0 && consents.length === documents.length
      return isWhole ? { notice: REDISCLOSURE_NOTICE, consents } : null
    },
  }
}
