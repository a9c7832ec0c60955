// A version of a consent as it stands on the chain, found under whichever id of a person it was given.

import type { Ledger } from '../ledger/ledger.ts'
import { queryView } from './query.ts'

export interface StoredTerms {
  readonly clauses: readonly { readonly limited: boolean }[]
  readonly document: Uint8Array
  readonly limits: Uint8Array | null
}

export function idsOf(ledger: Ledger, patient: Uint8Array, nowMs: number): readonly Uint8Array[] {
  return queryView(ledger, { contract: 'registry', method: 'idsOf', args: [patient] }, nowMs) as Uint8Array[]
}

export function termsOf(
  ledger: Ledger,
  asked: {
    readonly patients: readonly Uint8Array[]
    readonly consent: Uint8Array
    readonly version: number
    readonly nowMs: number
  },
): StoredTerms | null {
  const { patients, consent, version, nowMs } = asked
  for (const patient of patients) {
    const view = { contract: 'consent', method: 'findVersion', args: [patient, consent, version] }
    const found = queryView(ledger, view, nowMs) as { terms: unknown } | null
    if (found !== null) return found.terms as StoredTerms
  }
  return null
}
