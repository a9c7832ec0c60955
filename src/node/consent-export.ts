// A registered consent as a FHIR Consent: terms from the chain, the rest from the custodian's vault. spec/fhir.md, "Consent
// from the chain".

import type { Consent } from '@medplum/fhirtypes'
import { consentFromChain, type RegisteredConsent } from '../fhir/consent-from-chain.ts'
import type { ChainRecipient } from '../fhir/consent-intent.ts'
import { limitsInBody } from '../fhir/limits-in-body.ts'
import { parseUnambiguous } from '../fhir/parse-json.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { idValue, queryView } from './query.ts'
import type { BodyOf } from './redisclosure.ts'

/** `consent.Consent` as the contract answers it. */
interface StoredConsent {
  readonly custodian: Uint8Array
  readonly version: number
  readonly status: RegisteredConsent['status']
  readonly terms: {
    readonly version: number
    readonly delegation: Uint8Array | null
    readonly document: Uint8Array
    readonly limits: Uint8Array | null
    readonly clauses: readonly {
      readonly type: 'permit' | 'deny'
      readonly recipients: readonly {
        readonly kind: ChainRecipient['kind']
        readonly id: Uint8Array
        readonly at: Uint8Array | null
      }[]
      readonly purposes: readonly string[]
      readonly from: number | null
      readonly to: number | null
      readonly limited: boolean
    }[]
  }
}

/** Null where this custodian has no such consent. `version`: the latest where none is named. */
export async function exportConsent(
  asked: { readonly patient: IdentityId; readonly consent: IdentityId; readonly version: number | null },
  parts: {
    readonly ledger: Ledger
    readonly custodian: IdentityId
    readonly bodyOf: BodyOf
    readonly timeZone: string
    readonly nowMs: number
  },
): Promise<Consent | null> {
  const { patient, consent, version } = asked
  const { ledger, custodian, bodyOf, timeZone, nowMs } = parts
  const args = [idValue(patient), idValue(consent), ...(version === null ? [] : [version])]
  const view = { contract: 'consent', method: version === null ? 'find' : 'findVersion', args }
  const stored = queryView(ledger, view, nowMs) as unknown as StoredConsent | null
  if (stored === null || hex(stored.custodian) !== custodian) return null
  const { terms } = stored
  const [body, committed] = await Promise.all([
    bodyOf(hex(terms.document)),
    terms.limits === null ? null : bodyOf(hex(terms.limits)),
  ])
  const resource = body === null ? null : (parseUnambiguous(body.bytes) ?? null)
  const limits = resource && committed && limitsInBody(resource, { timeZone, committed: committed.bytes })
  const registered: RegisteredConsent = {
    consent,
    patient,
    custodian,
    version: terms.version,
    status: stored.status,
    delegation: terms.delegation && hex(terms.delegation),
    clauses: terms.clauses.map(({ recipients, ...clause }) => ({
      ...clause,
      recipients: recipients.map(({ kind, id, at }) => ({ kind, id: hex(id), at: at && hex(at) })),
    })),
  }
  return consentFromChain(registered, { body: resource, limits })
}

const hex = <T extends IdentityId & Hash>(bytes: Uint8Array): T => bytes.toHex() as T
