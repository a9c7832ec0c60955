// A release of records as FHIR R4 AuditEvents. Between organizations: IHE BALP 1.1, PrivacyDisclosure, as the custodian
// (Source) and as the recipient tell it. Inside one: PatientRead. And a signed read of the log: PatientRead or Read.

import type { AuditEvent, AuditEventAgent, CodeableConcept } from '@medplum/fhirtypes'
import type { IdentityId } from '../types/brand.ts'
import { type DecisionEntry, userAgent } from './audit-event.ts'
import {
  type Author,
  agent,
  chainProof,
  coding,
  concept,
  DCM,
  dataEntity,
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
  sourceOf,
} from './audit-parts.ts'
import { SYSTEM } from './vocabulary.ts'

/** An `access.Release` as JSON, with its number within the decision. */
export interface ReleaseEntry {
  readonly number: number
  readonly records: readonly string[]
  readonly at: number
  readonly height: number
}

/** Network addresses of both ends, from the log of the node that writes. */
export interface Ends {
  readonly custodianAddress: NetworkAddress
  readonly recipientAddress: NetworkAddress
}

const DISCLOSE = coding('http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', 'disclose')
const READ = coding('http://hl7.org/fhir/restful-interaction', 'read', 'read')
const REST = coding('http://terminology.hl7.org/CodeSystem/audit-event-type', 'rest', 'Restful Operation')
const APPLICATION_SERVER = coding(
  'http://terminology.hl7.org/CodeSystem/security-source-type',
  '4',
  'Application Server',
)
const SOURCE_ROLE = concept(DCM, '110153', 'Source Role ID')
const DESTINATION_ROLE = concept(DCM, '110152', 'Destination Role ID')
const RECORD_KEEPER = concept('http://snomed.info/sct', '159541003', 'Record keeping/library clerk')

interface Disclosure {
  readonly entry: DecisionEntry
  readonly release: ReleaseEntry
  readonly ends: Ends
  readonly author: Author
}

/** The side is told by the author: custodian or requesting institution of the decision. */
export function releaseAuditEvent(disclosure: Disclosure): AuditEvent {
  const { custodian, institution } = disclosure.entry.terms.request
  if (custodian === institution) return insideAuditEvent(disclosure)
  return disclosureAuditEvent(disclosure, disclosure.author.institution === custodian ? 'Source' : 'Recipient')
}

function disclosureAuditEvent({ entry, release, ends, author }: Disclosure, side: 'Source' | 'Recipient'): AuditEvent {
  const { patient, custodian, institution, purpose } = entry.terms.request
  const source = idReference('Organization', custodian)
  const recipient = idReference('Organization', institution)
  return {
    resourceType: 'AuditEvent',
    meta: { profile: [profile(`PrivacyDisclosure.${side}`)] },
    extension: chainProof({ chainId: author.chainId, height: release.height, number: entry.decision }),
    type: side === 'Source' ? coding(DCM, '110106', 'Export') : coding(DCM, '110107', 'Import'),
    subtype: [DISCLOSE],
    action: side === 'Source' ? 'R' : 'C',
    recorded: recordedAt(release.at),
    outcome: '0',
    purposeOfEvent: [purposeConcept(purpose)],
    agent: [
      endAgent(SOURCE_ROLE, { who: source, address: ends.custodianAddress }),
      endAgent(DESTINATION_ROLE, { who: recipient, address: ends.recipientAddress }),
      agent(RECORD_KEEPER, { who: source, requestor: false }),
      userAgent(entry.terms.request),
    ],
    source: sourceOf(author, { observer: side === 'Source' ? source : recipient, type: APPLICATION_SERVER }),
    entity: [
      patientEntity(patient),
      dataEntity({ system: ID_SYSTEM.decision, value: String(entry.decision) }),
      ...release.records.map((value) => dataEntity({ system: ID_SYSTEM.record, value })),
    ],
  }
}

function insideAuditEvent({ entry, release, ends, author }: Disclosure): AuditEvent {
  const { patient, custodian, purpose } = entry.terms.request
  const server = idReference('Organization', custodian)
  return {
    resourceType: 'AuditEvent',
    meta: { profile: [profile('PatientRead')] },
    extension: chainProof({ chainId: author.chainId, height: release.height, number: entry.decision }),
    type: REST,
    subtype: [READ],
    action: 'R',
    recorded: recordedAt(release.at),
    outcome: '0',
    purposeOfEvent: [purposeConcept(purpose)],
    agent: [
      endAgent(DESTINATION_ROLE, { who: server, address: ends.recipientAddress }),
      endAgent(SOURCE_ROLE, { who: server, address: ends.custodianAddress }),
      userAgent(entry.terms.request),
    ],
    source: sourceOf(author, { observer: server, type: APPLICATION_SERVER }),
    // The profile wants one data entity: the release, which names its records on the chain.
    entity: [
      patientEntity(patient),
      dataEntity({ system: ID_SYSTEM.decision, value: `${entry.decision}/${release.number}` }),
    ],
  }
}

/** An `audit.NumberedRead` as JSON. */
export interface LogRead {
  readonly number: number
  readonly read: {
    readonly reader: IdentityId
    readonly subject: IdentityId
    /** The node that verified the signed read. */
    readonly via: IdentityId | null
    readonly at: number
    readonly height: number
  }
}

/** `subjectKind`: whom the read is about; only a patient makes it a PatientRead. */
export function logReadAuditEvent(
  { number, read }: LogRead,
  {
    author,
    subjectKind,
    readerAddress,
  }: { author: Author; subjectKind: 'patient' | 'institution'; readerAddress: NetworkAddress },
): AuditEvent {
  const ofPatient = subjectKind === 'patient'
  const observer = ledgerDevice(author.chainId)
  return {
    resourceType: 'AuditEvent',
    meta: { profile: [profile(ofPatient ? 'PatientRead' : 'Read')] },
    extension: chainProof({ chainId: author.chainId, height: read.height, number }),
    type: REST,
    subtype: [READ],
    action: 'R',
    recorded: recordedAt(read.at),
    outcome: '0',
    agent: [
      endAgent(DESTINATION_ROLE, { who: idReference('Device', read.via ?? read.reader), address: readerAddress }),
      endAgent(SOURCE_ROLE, { who: observer, address: null }),
      agent(concept(SYSTEM.participationType, 'IRCP', 'information recipient'), {
        who: { identifier: { system: ID_SYSTEM.identity, value: read.reader } },
        requestor: true,
      }),
    ],
    source: sourceOf(author, { observer, type: APPLICATION_SERVER }),
    entity: [
      ...(ofPatient ? [patientEntity(read.subject)] : []),
      dataEntity({ system: ID_SYSTEM.trail, value: read.subject }),
    ],
  }
}

function endAgent(
  type: CodeableConcept,
  { who, address }: { who: IdReference; address: NetworkAddress },
): AuditEventAgent {
  return agent(type, { who, requestor: false, network: network(address) })
}
