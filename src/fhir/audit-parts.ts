// What the AuditEvents of this project are put together from: coded values, and people and things as random ids. No name,
// display of a person, or free text is ever part of one.

import type {
  AuditEvent,
  AuditEventAgent,
  AuditEventEntity,
  CodeableConcept,
  Coding,
  Reference,
} from '@medplum/fhirtypes'
import type { Hash, IdentityId } from '../types/brand.ts'
import { SYSTEM } from './vocabulary.ts'

export const DCM = 'http://dicom.nema.org/resources/ontology/DCM'
const BALP = 'https://profiles.ihe.net/ITI/BALP'
export const AUTHZ_SUBTYPE = `${BALP}/CodeSystem/AuthZsubType`
export const profile = (name: string): string => `${BALP}/StructureDefinition/IHE.BasicAudit.${name}`

/** Identifier systems of ids on the chain (spec/fhir.md, "AuditEvent"). */
export const ID_SYSTEM = {
  identity: 'urn:assent:identity',
  chain: 'urn:assent:chain',
  consent: 'urn:assent:consent',
  record: 'urn:assent:record',
  decision: 'urn:assent:decision',
  trail: 'urn:assent:audit-trail',
  role: 'urn:assent:role',
  breakGlassReason: 'urn:assent:break-glass-reason',
} as const

const PROOF_URL = 'urn:assent:extension:chain-proof'
const ABSENT_URL = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason'

/** Where a connection came from, as the node that took it logged it; null where no log of it is at hand. */
export type NetworkAddress = string | null

/** Where the event stands on the chain: whoever doubts it asks any node for the proof. */
export interface ChainPosition {
  readonly chainId: Hash
  readonly height: number
  /** Number within the contract's series: decision, release or read. */
  readonly number: number
  readonly algorithm?: number
}

export interface Author {
  readonly chainId: Hash
  /** The institution whose node writes this resource. */
  readonly institution: IdentityId
}

type Kind = 'Patient' | 'Practitioner' | 'Organization' | 'Device' | 'Consent'
export const concept = (system: string, code: string, display?: string): CodeableConcept => {
  return { coding: [coding(system, code, display)] }
}

export function coding(system: string, code: string, display?: string): Coding {
  return display === undefined ? { system, code } : { system, code, display }
}

export const purposeConcept = (purpose: string): CodeableConcept => concept(SYSTEM.actReason, purpose)

/** A logical reference: an id, nothing to follow. Fits wherever FHIR wants a reference to a resource of that type. */
export type IdReference = Reference<never>

export function idReference(type: Kind, value: string, system: string = ID_SYSTEM.identity): IdReference {
  return { type, identifier: { system, value } }
}

/** The ledger itself, which decides and logs. */
export const ledgerDevice = (chainId: Hash): IdReference => idReference('Device', chainId, ID_SYSTEM.chain)

export function agent(
  type: CodeableConcept,
  rest: Omit<AuditEventAgent, 'type' | 'who'> & { who: IdReference },
): AuditEventAgent {
  return { type, ...rest }
}

/** network is 1..1 in BALP; where the address is not known, it says so. */
export function network(address: NetworkAddress): NonNullable<AuditEventAgent['network']> {
  if (address !== null) return { address, type: '2' }
  return { extension: [{ url: ABSENT_URL, valueCode: 'unknown' }] }
}

export function patientEntity(patient: IdentityId): AuditEventEntity {
  return {
    what: idReference('Patient', patient),
    type: coding('http://terminology.hl7.org/CodeSystem/audit-entity-type', '1', 'Person'),
    role: coding('http://terminology.hl7.org/CodeSystem/object-role', '1', 'Patient'),
  }
}

export function dataEntity({ system, value }: { system: string; value: string }): AuditEventEntity {
  return {
    what: { identifier: { system, value } },
    type: coding('http://terminology.hl7.org/CodeSystem/audit-entity-type', '2', 'System Object'),
    role: coding('http://terminology.hl7.org/CodeSystem/object-role', '4', 'Domain Resource'),
  }
}

/** In an extension: BALP's entity slices are closed. */
export function chainProof({
  chainId,
  height,
  number,
  algorithm,
}: ChainPosition): NonNullable<AuditEvent['extension']> {
  const fields = Object.entries({ chainId, height, number, algorithm }).filter(([, value]) => value !== undefined)
  return [{ url: PROOF_URL, extension: fields.map(([url, value]) => ({ url, valueString: String(value) })) }]
}

export function sourceOf(
  { institution }: Author,
  { observer, type }: { observer: IdReference; type: Coding },
): AuditEvent['source'] {
  return { site: institution, observer, type: [type] }
}

export const SECURITY_SERVER = coding(
  'http://terminology.hl7.org/CodeSystem/security-source-type',
  '6',
  'Security Server',
)

/** Block time. */
export const recordedAt = (timeMs: number): string => new Date(timeMs).toISOString()
