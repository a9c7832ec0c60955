// FHIR R4 Consent -> calls of the consent contract. Everything is read and checked, all problems are reported at once, and
// nothing is ignored: an element decides, stays in the body, or makes the consent refused. spec/fhir.md, "Consent".

import { commitment } from '../crypto/hash.ts'
import { randomBytes } from '../crypto/random.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { TAG } from '../types/tags.ts'
import { readConcept } from './coding.ts'
import { CONSENT } from './consent-elements.ts'
import type { ChainClause, ChainConsent, ConsentBody, ConsentIntent } from './consent-intent.ts'
import { type ProvisionContext, readClauses } from './consent-provision.ts'
import { limitsBytes, limitsCommitment } from './data-limits.ts'
import { Element } from './element.ts'
import { CONSENT_BYTES_MAX, CUSTODIANS_MAX } from './limits.ts'
import { parseResource } from './parse-json.ts'
import { Problems } from './problem.ts'
import { readReference, referenceText, resolveReference } from './reference.ts'
import type { Resolver } from './resolver.ts'
import { SCOPES } from './vocabulary.ts'

export interface ConsentContext extends ProvisionContext {
  /** Whether this Consent (by its id and home) has been registered before. */
  readonly known: boolean
}

const SALT_BYTES = 32

const STATUSES = ['draft', 'proposed', 'active', 'rejected', 'inactive', 'entered-in-error'] as const
type Status = (typeof STATUSES)[number]

/** What the bytes of a Consent mean. Never throws for what they contain. */
export async function consentToChain(bytes: Uint8Array, context: ConsentContext): Promise<ConsentIntent> {
  const problems = new Problems()
  const value = parseResource(bytes, { type: 'Consent', bytesMax: CONSENT_BYTES_MAX, problems })
  if (value === undefined) return { kind: 'refused', problems: problems.list }
  const consent = new Element(value, { path: 'Consent', problems })

  consent.check(CONSENT)
  const status = readStatus(consent)
  const ending =
    status && status !== 'active' && problems.list.length === 0 ? endingOf(status, context.known) : undefined
  if (ending !== undefined) return ending

  const parties = await readParties(consent, context.resolver)
  const clauses = await readClauses(consent, context)
  readScope(consent)
  if (problems.list.length > 0 || parties === undefined || clauses === undefined) {
    return { kind: 'refused', problems: problems.list }
  }
  return terms(bytes, { parties, clauses })
}

/** Any other status than active ends a registered consent; its other elements no longer matter then. */
function endingOf(status: Exclude<Status, 'active'>, known: boolean): ConsentIntent {
  if (!known) return { kind: 'nothing', reason: `Consent.status: ${status} before it was ever active` }
  return { kind: status === 'entered-in-error' ? 'void' : 'revoke' }
}

function readStatus(consent: Element): Status | undefined {
  const accepted = STATUSES.join(', ')
  if (!consent.has('status')) return consent.problem('required', 'status', { reason: 'missing', accepted })
  const status = consent.text('status')
  if (status === undefined || (STATUSES as readonly string[]).includes(status)) return status as Status | undefined
  return consent.problem('invalid', 'status', { reason: 'not a consent status', accepted })
}

function readScope(consent: Element): void {
  const scope = consent.child('scope')
  if (!consent.has('scope'))
    consent.problem('required', 'scope', { reason: 'missing', accepted: [...SCOPES.keys()].join(', ') })
  if (scope !== undefined) readConcept(scope, SCOPES)
}

interface Parties {
  readonly patient: IdentityId
  readonly delegation: IdentityId | null
  readonly custodians: readonly IdentityId[]
}

async function readParties(consent: Element, resolver: Resolver): Promise<Parties | undefined> {
  const patient = await readPatient(consent, resolver)
  const custodians = await readCustodians(consent, resolver)
  const delegation = patient === undefined ? undefined : await readPerformer(consent, { patient, resolver })
  if (patient === undefined || custodians === undefined || delegation === undefined) return undefined
  return { patient, custodians, delegation }
}

async function readPatient(consent: Element, resolver: Resolver): Promise<IdentityId | undefined> {
  const accepted = 'a reference to a Patient that this institution has enrolled'
  const resolved = await readReference(consent, 'patient', { resolver, accepted })
  if (resolved === undefined || resolved.kind === 'patient') return resolved?.id
  return consent.problem('invalid', 'patient.reference', { reason: 'not a patient', accepted })
}

async function readCustodians(consent: Element, resolver: Resolver): Promise<IdentityId[] | undefined> {
  const accepted = 'a reference to a registered Organization that holds the records'
  const organizations = consent.children('organization')
  if (!consent.has('organization')) return consent.problem('required', 'organization', { reason: 'missing', accepted })
  if (organizations.length > CUSTODIANS_MAX) {
    const reason = 'too many custodians'
    return consent.problem('too-many', 'organization', { reason, accepted: `at most ${CUSTODIANS_MAX}` })
  }
  const custodians = await Promise.all(
    organizations.map(async (organization) => {
      const resolved = await resolveReference(organization, { resolver, accepted })
      if (resolved === undefined || resolved.kind === 'organization') return resolved?.id
      return organization.problem('invalid', 'reference', { reason: 'not an organization', accepted })
    }),
  )
  return custodians.includes(undefined) ? undefined : [...new Set(custodians as IdentityId[])]
}

/**
 * Who consented. The patient: no delegation. Anybody else: the delegation under which they may. Undefined after a problem
 * was noted.
 */
async function readPerformer(
  consent: Element,
  { patient, resolver }: { patient: IdentityId; resolver: Resolver },
): Promise<IdentityId | null | undefined> {
  const accepted = 'one reference: to the patient, or to somebody whom a delegation lets consent for the patient'
  const performers = consent.children('performer')
  const [performer] = performers
  if (!consent.has('performer')) return consent.problem('required', 'performer', { reason: 'missing', accepted })
  if (performers.length > 1) return consent.problem('too-many', 'performer', { reason: 'more than one', accepted })
  const text = performer && referenceText(performer, { accepted })
  if (performer === undefined || text === undefined) return undefined

  const identity = await resolver.identity(text)
  if (identity?.kind === 'patient' && identity.id === patient) return null
  const delegation = await resolver.delegation(text, patient)
  return (
    delegation ?? performer.problem('unresolved', 'reference', { reason: 'no delegation lets them consent', accepted })
  )
}

function terms(
  bytes: Uint8Array,
  { parties, clauses }: { parties: Parties; clauses: readonly ChainClause[] },
): ConsentIntent {
  const { patient, delegation, custodians } = parties
  const limits = limitsBytes(clauses.map((clause) => clause.limits))
  const bodies = custodians.map((custodian): ConsentBody => {
    return { custodian, bytes, limits, salt: randomBytes(SALT_BYTES) }
  })
  const consents = bodies.map(({ custodian, salt }): ChainConsent => {
    const document = documentCommitment({ bytes, salt })
    const committed = limits && limitsCommitment({ bytes: limits, salt })
    return { patient, custodian, delegation, document, limits: committed, clauses }
  })
  return { kind: 'terms', terms: consents, bodies }
}

/** Commitment to a consent's body: whoever is given body and salt can check it against the chain. */
export function documentCommitment({ bytes, salt }: { bytes: Uint8Array; salt: Uint8Array }): Hash {
  return commitment(TAG.consentDocument, { bytes, salt })
}
