// IHE BALP 1.1 as our own table: every slice of the profiles with what it demands, read by a tiny checker. That the checker
// can fail is tested, too: each slice and each demanded element is taken away once.

import type { AuditEvent } from '@medplum/fhirtypes'
import { describe, expect, test } from 'vitest'
import type { Hash, IdentityId } from '../types/brand.ts'
import { type LogRead, logReadAuditEvent, type ReleaseEntry, releaseAuditEvent } from './audit-disclosure.ts'
import { type DecisionEntry, decisionAuditEvent } from './audit-event.ts'

const id = (digit: string): IdentityId => digit.repeat(64) as IdentityId
const CHAIN = 'f'.repeat(64) as Hash
const CUSTODIAN = id('b')
const REQUESTER = id('c')
const DOCTOR = id('d')
const PATIENT = id('1')
const AT = Date.UTC(2026, 2, 1, 12, 30, 15, 123)
const author = { chainId: CHAIN, institution: CUSTODIAN }

function decision(change: Partial<DecisionEntry['terms']> = {}, request: object = {}): DecisionEntry {
  return {
    decision: 17,
    terms: {
      request: {
        patient: PATIENT,
        custodian: CUSTODIAN,
        practitioner: DOCTOR,
        role: 'physician',
        institution: REQUESTER,
        purpose: 'TREAT',
        breakGlass: null,
        ...request,
      },
      submitter: REQUESTER,
      outcome: 'PERMIT',
      reasons: ['PERMITTED'],
      clauses: [
        { consent: id('8'), version: 2 },
        { consent: id('8'), version: 2 },
        { consent: id('9'), version: 1 },
      ],
      versions: { algorithm: 1 },
      height: 42,
      at: AT,
      ...change,
    },
  }
}

const release: ReleaseEntry = { number: 1, records: [id('4'), id('5')], at: AT, height: 43 }
const ends = { custodianAddress: '10.0.0.1', recipientAddress: '10.0.0.2' }
const read: LogRead = { number: 3, read: { reader: id('6'), subject: PATIENT, via: REQUESTER, at: AT, height: 50 } }

type Agent = NonNullable<AuditEvent['agent']>[number]
type Entity = NonNullable<AuditEvent['entity']>[number]

const agentsOf = ({ agent }: AuditEvent, code: string): Agent[] =>
  (agent ?? []).filter(({ type }) => type?.coding?.some((each) => `${each.system}|${each.code}` === code))
const entitiesOf = ({ entity }: AuditEvent, code: string): Entity[] =>
  (entity ?? []).filter(({ type }) => `${type?.system}|${type?.code}` === code)

const DCM = 'http://dicom.nema.org/resources/ontology/DCM'
const CLIENT = `${DCM}|110150`
const SOURCE = `${DCM}|110153`
const DESTINATION = `${DCM}|110152`
const USER = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType|IRCP'
const ORGANIZATION = 'http://terminology.hl7.org/CodeSystem/v3-RoleClass|PROV'
const AUTHORIZER = 'http://terminology.hl7.org/CodeSystem/extra-security-role-type|authserver'
const PERSON = 'http://terminology.hl7.org/CodeSystem/audit-entity-type|1'
const SYSTEM_OBJECT = 'http://terminology.hl7.org/CodeSystem/audit-entity-type|2'
const CONSENT = 'http://hl7.org/fhir/resource-types|Consent'
const PROFILE = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.'

/** Slice, cardinality, elements that must be there, elements that must not. */
type Slice = readonly [code: string, min: number, max: number, needs: readonly string[], forbids: readonly string[]]

interface Profile {
  readonly type: string
  readonly subtypes: readonly string[]
  readonly action: string
  readonly agents: readonly Slice[]
  readonly entities: readonly Slice[]
  readonly entitiesClosed: boolean
  /** Agent slice whose `who` is the source's observer (val-audit-source). */
  readonly observer: string | null
}

const LESS = ['altId', 'location', 'media']
const PATIENT_SLICE: Slice = [PERSON, 1, 1, ['what', 'role'], []]
const REST = 'http://terminology.hl7.org/CodeSystem/audit-event-type|rest'
const READ = 'http://hl7.org/fhir/restful-interaction|read'
const DISCLOSE = 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose'

const PROFILES = {
  AuthZconsent: {
    type: `${DCM}|110113`,
    subtypes: ['https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType|AuthZ-Consent'],
    action: 'E',
    agents: [
      [CLIENT, 1, 1, ['who', 'network', 'requestor'], [...LESS, 'role', 'name', 'purposeOfUse']],
      [USER, 1, 1, ['who', 'requestor', 'purposeOfUse'], [...LESS, 'network']],
      [ORGANIZATION, 1, 1, ['who', 'requestor'], [...LESS, 'role', 'name', 'policy', 'network']],
      [AUTHORIZER, 1, 1, ['who', 'requestor'], [...LESS, 'role', 'name', 'policy', 'network', 'purposeOfUse']],
    ],
    entities: [PATIENT_SLICE, [CONSENT, 1, 99, ['what'], []]],
    entitiesClosed: true,
    observer: AUTHORIZER,
  },
  'PrivacyDisclosure.Source': {
    type: `${DCM}|110106`,
    subtypes: [DISCLOSE],
    action: 'R',
    agents: [
      [SOURCE, 1, 1, ['who', 'network', 'requestor'], []],
      [DESTINATION, 1, 1, ['who', 'network', 'requestor'], []],
      ['http://snomed.info/sct|159541003', 0, 1, ['who'], []],
    ],
    entities: [PATIENT_SLICE],
    entitiesClosed: false,
    observer: SOURCE,
  },
  'PrivacyDisclosure.Recipient': {
    type: `${DCM}|110107`,
    subtypes: [DISCLOSE],
    action: 'C',
    agents: [
      [SOURCE, 1, 1, ['who', 'network', 'requestor'], []],
      [DESTINATION, 1, 1, ['who', 'network', 'requestor'], []],
    ],
    entities: [PATIENT_SLICE],
    entitiesClosed: false,
    observer: DESTINATION,
  },
  PatientRead: {
    type: REST,
    subtypes: [READ],
    action: 'R',
    agents: [
      [DESTINATION, 1, 1, ['who', 'network'], ['media']],
      [SOURCE, 1, 1, ['who', 'network'], ['media']],
      [USER, 0, 1, ['who', 'requestor'], ['media', 'network']],
    ],
    entities: [PATIENT_SLICE, [SYSTEM_OBJECT, 1, 1, ['what', 'role'], []]],
    entitiesClosed: false,
    observer: null,
  },
} as const satisfies { [name: string]: Profile }

const has = (element: object, name: string): boolean => (element as Record<string, unknown>)[name] !== undefined

/** What the event lacks or has too much of; empty where it conforms. */
function faults(event: AuditEvent, name: keyof typeof PROFILES): string[] {
  const profile: Profile = PROFILES[name]
  const found: string[] = []
  const claim = (holds: boolean, what: string): void => void (holds || found.push(what))
  const code = (coding: { system?: string; code?: string } | undefined) => `${coding?.system}|${coding?.code}`

  claim(event.meta?.profile?.includes(PROFILE + name) === true, 'meta.profile')
  claim(event.modifierExtension === undefined, 'modifierExtension')
  claim(code(event.type) === profile.type, 'type')
  for (const subtype of profile.subtypes)
    claim(event.subtype?.some((each) => code(each) === subtype) === true, 'subtype')
  claim(event.action === profile.action, 'action')
  claim(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(event.recorded ?? ''), 'recorded')
  claim(['0', '8'].includes(event.outcome ?? ''), 'outcome')
  claim(event.source?.observer !== undefined, 'source.observer')

  const slices = [
    ...profile.agents.map((slice) => [slice, agentsOf(event, slice[0])] as const),
    ...profile.entities.map((slice) => [slice, entitiesOf(event, slice[0])] as const),
  ]
  for (const [[slice, min, max, needs, forbids], elements] of slices) {
    claim(elements.length >= min && elements.length <= max, slice)
    for (const element of elements) {
      for (const need of needs) claim(has(element, need), `${slice} ${need}`)
      for (const forbidden of forbids) claim(!has(element, forbidden), `${slice} ${forbidden}`)
    }
  }
  for (const { requestor, who } of agentsOf(event, USER)) claim(requestor === true && who !== undefined, 'user')
  const [patient] = entitiesOf(event, PERSON)
  claim(patient?.what?.type === 'Patient' && patient.role?.code === '1', 'patient')
  const known = new Set<string>(profile.entities.map(([slice]) => slice))
  if (profile.entitiesClosed) claim(event.entity?.every(({ type }) => known.has(code(type))) === true, 'closed')
  if (profile.observer !== null) {
    const [agent] = agentsOf(event, profile.observer)
    claim(JSON.stringify(agent?.who) === JSON.stringify(event.source?.observer), 'val-audit-source')
  }
  return found
}

const permit = () => decisionAuditEvent(decision(), { author, clientAddress: '192.0.2.7' })
const atRecipient = { chainId: CHAIN, institution: REQUESTER }
const inside = { institution: CUSTODIAN }

const CONFORMING: readonly (readonly [string, keyof typeof PROFILES, () => AuditEvent])[] = [
  ['a permit under consents', 'AuthZconsent', permit],
  [
    'a denial under a consent',
    'AuthZconsent',
    () => decisionAuditEvent(decision({ outcome: 'DENY', reasons: ['DENIED'] }), { author, clientAddress: null }),
  ],
  [
    'a request of an institution for itself',
    'AuthZconsent',
    () =>
      decisionAuditEvent(decision({}, { practitioner: null, role: 'institution' }), { author, clientAddress: null }),
  ],
  [
    'a release, as the custodian tells it',
    'PrivacyDisclosure.Source',
    () => releaseAuditEvent({ entry: decision(), release, ends, author }),
  ],
  [
    'a release, as the recipient tells it',
    'PrivacyDisclosure.Recipient',
    () => releaseAuditEvent({ entry: decision(), release, ends, author: atRecipient }),
  ],
  [
    'a release inside one organization',
    'PatientRead',
    () => releaseAuditEvent({ entry: decision({}, inside), release, ends, author }),
  ],
  [
    'a signed read of the log about a patient',
    'PatientRead',
    () => logReadAuditEvent(read, { author, subjectKind: 'patient', readerAddress: '192.0.2.9' }),
  ],
]

describe('an AuditEvent of BALP', () => {
  test.each(CONFORMING)('%s conforms to %s', (_, profile, event) => {
    expect(faults(event(), profile)).toEqual([])
  })

  test.each(CONFORMING)(
    '%s no longer conforms to %s without a slice, without what it needs, or with it twice',
    (_, profile, event) => {
      const whole = event()
      const check = (
        slices: readonly Slice[],
        part: 'agent' | 'entity',
        membersOf: (code: string) => object[],
      ): void => {
        for (const [slice, min, max, needs] of slices) {
          const members = membersOf(slice)
          const others = ((whole[part] ?? []) as object[]).filter((each) => !members.includes(each))
          const faultsWith = (changed: object[]) => faults({ ...whole, [part]: [...others, ...changed] }, profile)
          if (min > 0) expect(faultsWith([])).toContain(slice)
          if (max === 1 && members.length === 1) expect(faultsWith([...members, ...members])).toContain(slice)
          for (const need of members.length > 0 ? needs : []) {
            expect(faultsWith(members.map((member) => ({ ...member, [need]: undefined })))).toContain(
              `${slice} ${need}`,
            )
          }
        }
      }
      const { agents, entities }: Profile = PROFILES[profile]
      check(agents, 'agent', (code) => agentsOf(whole, code))
      check(entities, 'entity', (code) => entitiesOf(whole, code))
    },
  )

  test('has the answers of the decision: time, outcome, reasons, purpose, consents with their versions', () => {
    const event = decisionAuditEvent(decision({ outcome: 'DENY', reasons: ['REVOKED', 'EXPIRED'] }), {
      author,
      clientAddress: '192.0.2.7',
    })
    expect(event).toMatchObject({
      recorded: '2026-03-01T12:30:15.123Z',
      outcome: '8',
      outcomeDesc: 'REVOKED, EXPIRED',
      purposeOfEvent: [{ coding: [{ code: 'TREAT' }] }],
    })
    const consents = entitiesOf(event, CONSENT).map(({ what, detail }) => [
      what?.identifier?.value,
      detail?.[0]?.valueString,
    ])
    expect(consents).toEqual([
      [id('8'), '2'],
      [id('9'), '1'],
    ])
    expect(agentsOf(event, CLIENT)[0]?.network).toEqual({ address: '192.0.2.7', type: '2' })
    expect(agentsOf(event, USER)[0]?.who?.identifier?.value).toBe(DOCTOR)
  })

  test('names the institution as the user where there is no practitioner', () => {
    const entry = decision({}, { practitioner: null, role: 'institution' })
    const [user] = agentsOf(decisionAuditEvent(entry, { author, clientAddress: null }), USER)
    expect(user?.who).toMatchObject({ type: 'Organization', identifier: { value: REQUESTER } })
  })

  test('carries where it stands on the chain in an extension', () => {
    const [proof] = permit().extension ?? []
    expect(proof?.extension?.map(({ url, valueString }) => [url, valueString])).toEqual([
      ['chainId', CHAIN],
      ['height', '42'],
      ['number', '17'],
      ['algorithm', '1'],
    ])
  })

  test('of a decision without any consent is AuthZ-Role, and claims no profile', () => {
    const event = decisionAuditEvent(decision({ clauses: [], outcome: 'DENY', reasons: ['NO_CONSENT'] }), {
      author,
      clientAddress: null,
    })
    expect(event.meta).toBeUndefined()
    expect(event.subtype?.[0]?.code).toBe('AuthZ-Role')
    expect(entitiesOf(event, CONSENT)).toEqual([])
    expect(entitiesOf(event, PERSON)).toHaveLength(1)
  })

  test('of break-glass gives the coded reason beside the purpose', () => {
    const entry = decision({ outcome: 'PERMIT_BTG' }, { purpose: 'BTG', breakGlass: { reason: 'unconscious' } })
    const event = decisionAuditEvent(entry, { author, clientAddress: null })
    expect(event.purposeOfEvent?.map(({ coding }) => coding?.[0]?.code)).toEqual(['BTG', 'unconscious'])
    expect(event.outcome).toBe('0')
  })

  test('of a read about an institution names no patient and claims the profile Read', () => {
    const about = { ...read, read: { ...read.read, subject: CUSTODIAN } }
    const event = logReadAuditEvent(about, { author, subjectKind: 'institution', readerAddress: null })
    expect(event.meta?.profile).toEqual([`${PROFILE}Read`])
    expect(entitiesOf(event, PERSON)).toEqual([])
    expect(entitiesOf(event, SYSTEM_OBJECT)).toHaveLength(1)
  })

  test('of a release names every record by its random id', () => {
    const event = releaseAuditEvent({ entry: decision(), release, ends, author })
    const values = entitiesOf(event, SYSTEM_OBJECT).map(({ what }) => what?.identifier?.value)
    expect(values).toEqual(['17', id('4'), id('5')])
  })
})
