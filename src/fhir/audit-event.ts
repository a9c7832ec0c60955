// A decision of the chain as a FHIR R4 AuditEvent: IHE BALP 1.1, AuthZconsent. Where no consent took part, only roles
// decided; then it is AuthZ-Role and claims no profile, since that demands a consent. spec/fhir.md, "AuditEvent".

import type { AuditEvent, AuditEventAgent, AuditEventEntity } from '@medplum/fhirtypes'
import type { IdentityId } from '../types/brand.ts'
import {
  AUTHZ_SUBTYPE,
  type Author,
  agent,
  chainProof,
  coding,
  concept,
  DCM,
  ID_SYSTEM,
  type IdReference,
  idReference,
  ledgerDevice,
  type NetworkAddress,
  network,
  patientEntity,
  profile,
  purposeConcept,
  recordedAt,
  SECURITY_SERVER,
  sourceOf,
} from './audit-parts.ts'
import { SYSTEM } from './vocabulary.ts'

/** An `access.Entry` as JSON (spec/contracts.md): ids as hex, enum members as their names. */
export interface DecisionEntry {
  readonly decision: number
  readonly terms: {
    readonly request: {
      readonly patient: IdentityId
      readonly custodian: IdentityId
      readonly practitioner: IdentityId | null
      readonly role: string
      readonly institution: IdentityId
      readonly purpose: string
      readonly breakGlass: { readonly reason: string } | null
    }
    /** Who signed: the practitioner, or the institution that vouches. */
    readonly submitter: IdentityId
    readonly outcome: 'DENY' | 'PERMIT' | 'PERMIT_FILTERED' | 'PERMIT_BTG'
    readonly reasons: readonly string[]
    readonly clauses: readonly { readonly consent: string; readonly version: number }[]
    readonly versions: { readonly algorithm: number }
    readonly height: number
    /** Block time, ms UTC. */
    readonly at: number
  }
}

/** FHIR's outcome codes: success; serious failure. */
const SUCCESS = '0'
const DENIED = '8'

/** `clientAddress`: from the log of the node that received the request. */
export function decisionAuditEvent(
  { decision, terms }: DecisionEntry,
  { author, clientAddress }: { author: Author; clientAddress: NetworkAddress },
): AuditEvent {
  const { request, outcome, reasons, versions, height, at } = terms
  const consents = consentEntities(terms.clauses)
  const byConsent = consents.length > 0
  const observer = ledgerDevice(author.chainId)
  return {
    resourceType: 'AuditEvent',
    ...(byConsent && { meta: { profile: [profile('AuthZconsent')] } }),
    extension: chainProof({ chainId: author.chainId, height, number: decision, algorithm: versions.algorithm }),
    type: coding(DCM, '110113', 'Security Alert'),
    subtype: [coding(AUTHZ_SUBTYPE, byConsent ? 'AuthZ-Consent' : 'AuthZ-Role')],
    action: 'E',
    recorded: recordedAt(at),
    outcome: outcome === 'DENY' ? DENIED : SUCCESS,
    outcomeDesc: reasons.length > 0 ? reasons.join(', ') : outcome,
    purposeOfEvent: [purposeConcept(request.purpose), ...breakGlassReason(request.breakGlass)],
    agent: [...requesters(terms, clientAddress), authorizer(observer)],
    source: sourceOf(author, { observer, type: SECURITY_SERVER }),
    entity: [patientEntity(request.patient), ...consents],
  }
}

function breakGlassReason(breakGlass: { readonly reason: string } | null) {
  return breakGlass === null ? [] : [concept(ID_SYSTEM.breakGlassReason, breakGlass.reason)]
}

function requesters({ request, submitter }: DecisionEntry['terms'], clientAddress: NetworkAddress): AuditEventAgent[] {
  const client = agent(concept(DCM, '110150', 'Application'), {
    who: idReference('Device', submitter),
    requestor: false,
    network: network(clientAddress),
  })
  const organization = agent(concept(SYSTEM.roleClass, 'PROV', 'healthcare provider'), {
    who: idReference('Organization', request.institution),
    requestor: false,
  })
  return [client, userAgent(request), organization]
}

/** Who reads: the practitioner, or the institution where there is none. */
export function userAgent({
  practitioner,
  institution,
  role,
  purpose,
}: DecisionEntry['terms']['request']): AuditEventAgent {
  return agent(concept(SYSTEM.participationType, 'IRCP', 'information recipient'), {
    who: practitioner === null ? idReference('Organization', institution) : idReference('Practitioner', practitioner),
    requestor: true,
    role: [concept(ID_SYSTEM.role, role)],
    purposeOfUse: [purposeConcept(purpose)],
  })
}

/** The audit source is this agent, too (BALP, val-audit-source). */
function authorizer(observer: IdReference): AuditEventAgent {
  const type = concept(
    'http://terminology.hl7.org/CodeSystem/extra-security-role-type',
    'authserver',
    'authorization server',
  )
  return agent(type, { who: observer, requestor: false })
}

/** Each consent once per version, in the order in which its clauses matched. */
function consentEntities(clauses: DecisionEntry['terms']['clauses']): AuditEventEntity[] {
  const distinct = new Map(clauses.map(({ consent, version }) => [`${consent} ${version}`, { consent, version }]))
  return [...distinct.values()].map(({ consent, version }) => ({
    what: idReference('Consent', consent, ID_SYSTEM.consent),
    type: coding('http://hl7.org/fhir/resource-types', 'Consent'),
    detail: [{ type: 'version', valueString: String(version) }],
  }))
}
