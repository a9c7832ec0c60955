// What a FHIR Consent means for the chain: calls of the consent contract (spec/contracts.md, "consent"), as data.

import type { Hash, IdentityId } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import type { DataLimits } from './data-limits.ts'
import type { ElementProblem } from './problem.ts'

export type ClauseType = 'permit' | 'deny'

export interface ChainRecipient {
  readonly kind: 'person' | 'institution' | 'group' | 'personAt'
  readonly id: IdentityId
  /** Present for personAt only. */
  readonly at: IdentityId | null
}

export interface ChainClause {
  readonly type: ClauseType
  readonly recipients: readonly ChainRecipient[]
  /** On-chain codes (spec/consent.md, "Vocabulary"). */
  readonly purposes: readonly string[]
  /** Half-open interval, ms UTC; null is without bound on that side. */
  readonly from: number | null
  readonly to: number | null
  /** Data limits, which stay in the vault: on the chain stands that there are some. */
  readonly limits: DataLimits | null
}

/** One consent at one custodian. A Consent that names several organizations becomes one of each. */
export interface ChainConsent {
  readonly patient: IdentityId
  readonly custodian: IdentityId
  readonly delegation: IdentityId | null
  /** Commitment to the body: hash of salt and exact bytes. */
  readonly document: Hash
  /** Commitment to the data limits of the clauses; null where none is limited. */
  readonly limits: Hash | null
  readonly clauses: readonly ChainClause[]
}

/** What stays in the custodian's vault. */
export interface ConsentBody {
  readonly custodian: IdentityId
  /** The Consent as it was received. */
  readonly bytes: Uint8Array
  /** Canonical data limits of its clauses (data-limits.ts); null where none is limited. */
  readonly limits: Uint8Array | null
  /** 32 random bytes, new for every version and custodian. */
  readonly salt: Uint8Array
}

export type ConsentIntent =
  /** `register` or `update` with these terms; one entry per custodian, bodies in the same order. */
  | { readonly kind: 'terms'; readonly terms: readonly ChainConsent[]; readonly bodies: readonly ConsentBody[] }
  | { readonly kind: 'revoke' }
  | { readonly kind: 'void' }
  /** A draft, a proposal, or something that ended before it was ever registered. */
  | { readonly kind: 'nothing'; readonly reason: string }
  /** Not translatable: every element that stands in the way. */
  | { readonly kind: 'refused'; readonly problems: readonly ElementProblem[] }

/** Positional arguments of `consent.register`. `recorder`: required when a custodian signs. */
export function registerArguments(
  terms: ChainConsent,
  { consentId, recorder = null }: { consentId: IdentityId; recorder?: IdentityId | null },
): Value[] {
  return [idValue(consentId), idValue(terms.patient), idValue(terms.custodian), ...termsValues(terms, recorder)]
}

/** Positional arguments of `consent.update`; `replaces` is the version that the sender knows. */
export function updateArguments(
  terms: ChainConsent,
  { consentId, replaces, recorder = null }: { consentId: IdentityId; replaces: number; recorder?: IdentityId | null },
): Value[] {
  return [idValue(consentId), replaces, ...termsValues(terms, recorder)]
}

function termsValues(terms: ChainConsent, recorder: IdentityId | null): Value[] {
  return [
    optionalId(terms.delegation),
    idValue(terms.document),
    optionalId(terms.limits),
    optionalId(recorder),
    terms.clauses.map(clauseValue),
  ]
}

function clauseValue({ type, recipients, purposes, from, to, limits }: ChainClause): Value {
  return {
    type,
    recipients: recipients.map(({ kind, id, at }) => ({ kind, id: idValue(id), at: optionalId(at) })),
    purposes: [...purposes],
    from,
    to,
    limited: limits !== null,
  }
}

const idValue = (id: string): Uint8Array => Uint8Array.fromHex(id)
const optionalId = (id: string | null): Uint8Array | null => (id === null ? null : idValue(id))
