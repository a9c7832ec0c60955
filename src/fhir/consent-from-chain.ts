// Clauses of the chain -> FHIR R4 Consent: the way back of consent-to-chain.ts. What the chain does not know (text, policy,
// signature, categories) comes from the body, where the custodian has it; data limits too, for the chain and the vault hold
// hashes of codes and references. spec/fhir.md, "Consent from the chain".

import type { CodeableConcept, Coding, Consent, ConsentProvision, Extension } from '@medplum/fhirtypes'
import type { IdentityId } from '../types/brand.ts'
import { CONSENT } from './consent-elements.ts'
import type { ChainClause, ChainRecipient } from './consent-intent.ts'
import type { ConsentLimits, DataLimits } from './data-limits.ts'
import type { JsonObject } from './element.ts'
import { delegateReference, ownReference } from './own-reference.ts'
import type { Interval } from './period.ts'
import type { ResolvedIdentity } from './resolver.ts'
import { SYSTEM } from './vocabulary.ts'

/** A version of a consent as it stands on the chain. */
export interface RegisteredConsent {
  readonly consent: IdentityId
  readonly patient: IdentityId
  readonly custodian: IdentityId
  readonly version: number
  readonly status: 'active' | 'revoked' | 'voided'
  readonly delegation: IdentityId | null
  readonly clauses: readonly (Omit<ChainClause, 'limits'> & { readonly limited: boolean })[]
}

/** What the chain has where a root states no purpose. Only as such it goes back into FHIR. */
const EVERY_PURPOSE = 'PurposeOfUse'
const CONSENT_ID = 'urn:assent:consent'
const LIMITS_UNKNOWN = 'urn:assent:extension:limits-unknown'
const STATUS = { active: 'active', revoked: 'inactive', voided: 'entered-in-error' } as const
/** R4 wants a category. */
const PRIVACY_CONSENT = concept({ system: 'http://loinc.org', code: '59284-0', display: 'Consent Document' })

/**
 * `limits`: of each clause; null where they are not known here, which a modifier extension says of every clause that has some.
 * `body`: what was registered.
 */
export function consentFromChain(
  registered: RegisteredConsent,
  { body, limits }: { body: JsonObject | null; limits: ConsentLimits | null },
): Consent {
  const { consent, patient, custodian, version, status, delegation, clauses } = registered
  const provisions = clauses.map((clause, i) => provisionOf(clause, limits?.[i] ?? null))
  const [root = {}, ...exceptions] = provisions
  const { type: _, ...unnamed } = root
  const provision: ConsentProvision = { ...unnamed, ...(exceptions.length > 0 && { provision: exceptions }) }
  const isPermit = clauses[0]?.type === 'permit'
  const performer = delegation === null ? ownReference({ kind: 'patient', id: patient }) : delegateReference(delegation)
  return {
    scope: concept({ system: SYSTEM.consentScope, code: 'patient-privacy' }),
    category: [PRIVACY_CONSENT],
    ...kept(body),
    resourceType: 'Consent',
    identifier: [...identifiersOf(body), { system: CONSENT_ID, value: `${consent}/${version}` }],
    status: STATUS[status],
    patient: { reference: ownReference({ kind: 'patient', id: patient }) },
    performer: [{ reference: performer }],
    organization: [{ reference: ownReference({ kind: 'organization', id: custodian }) }],
    policyRule: concept({ system: SYSTEM.actCode, code: isPermit ? 'OPTIN' : 'OPTOUT' }),
    ...(Object.keys(provision).length > 0 && { provision }),
  }
}

/** What decides nothing, as it was; and the scope. */
function kept(body: JsonObject | null): Partial<Consent> {
  if (body === null) return {}
  const fates: { readonly [element: string]: unknown } = { ...CONSENT, id: 'body', extension: 'body', scope: 'body' }
  const isKept = ([name]: [string, unknown]): boolean => fates[name.replace(/^_/, '')] === 'body'
  return Object.fromEntries(Object.entries(body).filter(isKept))
}

const identifiersOf = (body: JsonObject | null): NonNullable<Consent['identifier']> =>
  ((body?.identifier ?? []) as NonNullable<Consent['identifier']>).filter(({ system }) => system !== CONSENT_ID)

function provisionOf(
  { type, recipients, purposes, from, to, limited }: RegisteredConsent['clauses'][number],
  limits: DataLimits | null,
): ConsentProvision {
  const stated = purposes.filter((purpose) => purpose !== EVERY_PURPOSE)
  return {
    type,
    ...(limited && limits === null && { modifierExtension: LIMITS_ARE_UNKNOWN }),
    ...((from ?? to) !== null && { period: periodOf({ from, to }) }),
    ...(recipients.length > 0 && { actor: recipients.map(actorOf) }),
    ...(stated.length > 0 && { purpose: stated.map((code) => ({ system: SYSTEM.actReason, code })) }),
    ...(limits !== null && limitsOf(limits)),
  }
}

/** Whoever reads it must not take the clause for an unlimited one. */
const LIMITS_ARE_UNKNOWN: Extension[] = [{ url: LIMITS_UNKNOWN, valueBoolean: true }]

function actorOf(recipient: ChainRecipient): NonNullable<ConsentProvision['actor']>[number] {
  const role = concept({ system: SYSTEM.participationType, code: 'IRCP' })
  return { role, reference: { reference: ownReference(identityOf(recipient)) } }
}

function identityOf({ kind, id, at }: ChainRecipient): ResolvedIdentity {
  if (kind === 'personAt') return { kind: 'practitionerRole', id, at: at as IdentityId }
  const kinds = { person: 'practitioner', institution: 'organization', group: 'group' } as const
  return { kind: kinds[kind], id }
}

/** An end names its last millisecond. */
function periodOf({ from, to }: Interval): { start?: string; end?: string } {
  const text = (timeMs: number): string => new Date(timeMs).toISOString()
  return { ...(from !== null && { start: text(from) }), ...(to !== null && { end: text(to - 1) }) }
}

function limitsOf(limits: DataLimits): ConsentProvision {
  const labels: Coding[] = [
    ...limits.confidentiality.map((code) => ({ system: SYSTEM.confidentiality, code })),
    ...limits.sensitivity.map((code) => ({ system: SYSTEM.actCode, code })),
  ]
  const data = [
    ...limits.instances.map((reference) => ({ meaning: 'instance' as const, reference: { reference } })),
    ...limits.related.map((reference) => ({ meaning: 'related' as const, reference: { reference } })),
    ...limits.authors.map((reference) => ({ meaning: 'authoredby' as const, reference: { reference } })),
  ]
  return {
    ...(labels.length > 0 && { securityLabel: labels }),
    ...(limits.classes.length > 0 && { class: limits.classes.map((code) => ({ system: SYSTEM.resourceTypes, code })) }),
    ...(limits.codes.length > 0 && { code: limits.codes.map((code) => concept(codingOf(code))) }),
    ...(limits.period !== null && { dataPeriod: periodOf(limits.period) }),
    ...(data.length > 0 && { data }),
  }
}

/** Of system|code: a system is a URI, which has no bar. */
function codingOf(text: string): Coding {
  const bar = text.indexOf('|')
  return { system: text.slice(0, bar), code: text.slice(bar + 1) }
}

function concept(coding: Coding): CodeableConcept {
  return { coding: [coding] }
}
