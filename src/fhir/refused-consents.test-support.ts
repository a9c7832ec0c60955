// A Consent that is supported, and what makes it one that is refused: each with exactly one fault, the element that is named,
// and why.

import type { IdentityId } from '../types/brand.ts'
import type { ProblemCode } from './problem.ts'
import type { ResolvedIdentity, Resolver } from './resolver.ts'

const id = (digit: string): IdentityId => digit.repeat(64) as IdentityId
export const PATIENT = id('a')
export const HOSPITAL = id('b')
export const CLINIC = id('c')
export const DOCTOR = id('d')
export const GROUP = id('e')
export const DELEGATION = id('f')

const identities: { readonly [reference: string]: ResolvedIdentity } = {
  'Patient/p': { kind: 'patient', id: PATIENT },
  'Organization/hospital': { kind: 'organization', id: HOSPITAL },
  'Organization/clinic': { kind: 'organization', id: CLINIC },
  'Practitioner/doctor': { kind: 'practitioner', id: DOCTOR },
  'PractitionerRole/doctor-at-clinic': { kind: 'practitionerRole', id: DOCTOR, at: CLINIC },
  'Group/staff': { kind: 'group', id: GROUP },
}
export const resolver: Resolver = {
  identity: async (reference) => identities[reference] ?? null,
  delegation: async (reference, patient) =>
    reference === 'RelatedPerson/mother' && patient === PATIENT ? DELEGATION : null,
}

export const REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'
export const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
export const concept = (system: string, code: string) => ({ coding: [{ system, code }] })
export const purpose = (code: string) => ({ system: REASON, code })
export const IRCP = concept('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'IRCP')
export const actor = (reference: string) => ({ role: IRCP, reference: { reference } })
export const rule = (code: string) => concept(ACT_CODE, code)

// biome-ignore lint/suspicious/noExplicitAny: resources with faults have no type.
export type Json = any

export function valid(): Json {
  return {
    resourceType: 'Consent',
    id: 'c1',
    status: 'active',
    scope: concept('http://terminology.hl7.org/CodeSystem/consentscope', 'patient-privacy'),
    category: [concept('http://loinc.org', '59284-0')],
    patient: { reference: 'Patient/p', display: 'Somebody' },
    performer: [{ reference: 'Patient/p' }],
    organization: [{ reference: 'Organization/hospital' }],
    policy: [{ uri: 'http://example.org/policy' }],
    provision: { type: 'permit', purpose: [purpose('TREAT')], actor: [actor('Practitioner/doctor')] },
  }
}

export type Row = readonly [what: string, path: string, code: ProblemCode, change: (consent: Json) => void]

export const at = (part: string): string => (part === '' ? 'Consent' : `Consent.${part}`)
const set = (change: (consent: Json) => void) => change

/** Each with exactly one fault. */
export const REFUSED: readonly Row[] = [
  ['no status', 'status', 'required', set((c) => delete c.status)],
  ['an unknown status', 'status', 'invalid', set((c) => (c.status = 'Active'))],
  ['a status that is no text', 'status', 'invalid', set((c) => (c.status = 1))],
  ['an extended status', '_status', 'unsupported', set((c) => (c._status = { extension: [] }))],
  ['implicit rules', 'implicitRules', 'unsupported', set((c) => (c.implicitRules = 'http://example.org'))],
  ['a modifier extension', 'modifierExtension', 'unsupported', set((c) => (c.modifierExtension = [{ url: 'u' }]))],
  ['an element of R5', 'decision', 'unknown', set((c) => (c.decision = 'permit'))],
  ['an element that FHIR cannot have', '', 'unknown', set((c) => (c['Jane Doe'] = 1))],
  ['no scope', 'scope', 'required', set((c) => delete c.scope)],
  ['a scope in words', 'scope.coding', 'required', set((c) => (c.scope = { text: 'privacy' }))],
  ['the scope treatment', 'scope.coding[0]', 'invalid', set((c) => (c.scope.coding[0].code = 'treatment'))],
  ['a code without a system', 'scope.coding[0].system', 'required', set((c) => delete c.scope.coding[0].system)],
  ['a system without a code', 'scope.coding[0].code', 'required', set((c) => delete c.scope.coding[0].code)],
  [
    'codings that differ',
    'scope.coding',
    'conflict',
    set((c) => c.scope.coding.push({ ...c.scope.coding[0], code: 'research' })),
  ],
  ['an unknown element of a coding', 'scope.coding[0].label', 'unknown', set((c) => (c.scope.coding[0].label = 'x'))],
  ['no patient', 'patient', 'required', set((c) => delete c.patient)],
  ['a patient by identifier alone', 'patient.reference', 'required', set((c) => (c.patient = { identifier: {} }))],
  ['a patient nobody enrolled', 'patient.reference', 'unresolved', set((c) => (c.patient.reference = 'Patient/x'))],
  ['a group as the patient', 'patient.reference', 'invalid', set((c) => (c.patient.reference = 'Group/staff'))],
  ['a patient that is a text', 'patient', 'invalid', set((c) => (c.patient = 'Patient/p'))],
  ['no organization', 'organization', 'required', set((c) => delete c.organization)],
  ['an empty list', 'organization', 'invalid', set((c) => (c.organization = []))],
  [
    'an unknown organization',
    'organization[1].reference',
    'unresolved',
    set((c) => c.organization.push({ reference: 'Organization/x' })),
  ],
  [
    'a practitioner as the custodian',
    'organization[0].reference',
    'invalid',
    set((c) => (c.organization[0].reference = 'Practitioner/doctor')),
  ],
  ['no performer', 'performer', 'required', set((c) => delete c.performer)],
  ['two performers', 'performer', 'too-many', set((c) => c.performer.push(c.performer[0]))],
  [
    'a performer without a delegation',
    'performer[0].reference',
    'unresolved',
    set((c) => (c.performer[0].reference = 'RelatedPerson/uncle')),
  ],
  ['neither type nor policy rule', 'provision.type', 'required', set((c) => delete c.provision.type)],
  ['neither provision nor policy rule', 'provision.type', 'required', set((c) => delete c.provision)],
  ['an unknown type', 'provision.type', 'invalid', set((c) => (c.provision.type = 'opt-in'))],
  ['a type that contradicts the rule', 'provision.type', 'conflict', set((c) => (c.policyRule = rule('OPTOUT')))],
  ['an unknown policy rule', 'policyRule.coding[0]', 'invalid', set((c) => (c.policyRule = rule('NOAUTH')))],
  ['a policy rule in words', 'policyRule.coding', 'required', set((c) => (c.policyRule = { text: 'opt in' }))],
  [
    'a restricted opt-in without restrictions',
    'policyRule',
    'conflict',
    set((c) => {
      c.policyRule = rule('OPTINR')
      c.provision = { period: { start: '2024' } }
    }),
  ],
  [
    'emergency only for purposes of its own',
    'provision.purpose',
    'conflict',
    set((c) => {
      c.policyRule = rule('EMRGONLY')
      delete c.provision.type
    }),
  ],
  ['an unknown purpose', 'provision.purpose[1]', 'invalid', set((c) => c.provision.purpose.push(purpose('TREATS')))],
  ['a purpose in lower case', 'provision.purpose[0]', 'invalid', set((c) => (c.provision.purpose[0].code = 'treat'))],
  [
    'a purpose of another system',
    'provision.purpose[0]',
    'invalid',
    set((c) => (c.provision.purpose[0].system = 'http://example.org')),
  ],
  [
    'too many purposes',
    'provision.purpose',
    'too-many',
    set((c) => (c.provision.purpose = Array(17).fill(purpose('TREAT')))),
  ],
  [
    'too many actors',
    'provision.actor',
    'too-many',
    set((c) => (c.provision.actor = Array(33).fill(actor('Group/staff')))),
  ],
  ['an actor without a role', 'provision.actor[0].role', 'required', set((c) => delete c.provision.actor[0].role)],
  [
    'an actor with another role',
    'provision.actor[0].role.coding[0]',
    'invalid',
    set((c) => (c.provision.actor[0].role = concept(IRCP.coding[0]?.system ?? '', 'AUT'))),
  ],
  [
    'an actor without a reference',
    'provision.actor[0].reference',
    'required',
    set((c) => delete c.provision.actor[0].reference),
  ],
  [
    'an actor who is not registered',
    'provision.actor[0].reference.reference',
    'unresolved',
    set((c) => (c.provision.actor = [actor('Practitioner/x')])),
  ],
  [
    'an actor who is a patient',
    'provision.actor[0].reference',
    'unsupported',
    set((c) => (c.provision.actor = [actor('Patient/p')])),
  ],
  [
    'another action',
    'provision.action[0].coding[0]',
    'invalid',
    set((c) => (c.provision.action = [concept('http://terminology.hl7.org/CodeSystem/consentaction', 'collect')])),
  ],
  [
    'security labels',
    'provision.securityLabel',
    'unsupported',
    set((c) => (c.provision.securityLabel = [{ system: 's', code: 'N' }])),
  ],
  [
    'a class without a system',
    'provision.class[0].system',
    'required',
    set((c) => (c.provision.class = [{ code: 'Observation' }])),
  ],
  [
    'a class that is no type of a record',
    'provision.class[0]',
    'invalid',
    set((c) => (c.provision.class = [{ system: 'http://hl7.org/fhir/resource-types', code: 'observation' }])),
  ],
  ['a code in words', 'provision.code[0].coding', 'required', set((c) => (c.provision.code = [{ text: 'x' }]))],
  [
    'a code of data without a system',
    'provision.code[0].coding[0].system',
    'required',
    set((c) => (c.provision.code = [{ coding: [{ code: 'x' }] }])),
  ],
  ['an empty data period', 'provision.dataPeriod', 'required', set((c) => (c.provision.dataPeriod = {}))],
  [
    'selected data without a reference',
    'provision.data[0].reference',
    'required',
    set((c) => (c.provision.data = [{ meaning: 'instance' }])),
  ],
  [
    'dependents',
    'provision.data[0].meaning',
    'unsupported',
    set((c) => (c.provision.data = [{ meaning: 'dependents', reference: { reference: 'Encounter/1' } }])),
  ],
  [
    'a version of a resource',
    'provision.data[0].reference.reference',
    'invalid',
    set((c) => (c.provision.data = [{ meaning: 'instance', reference: { reference: 'Observation/1/_history/2' } }])),
  ],
  [
    'an absolute reference to data',
    'provision.data[0].reference.reference',
    'invalid',
    set(
      (c) => (c.provision.data = [{ meaning: 'instance', reference: { reference: 'http://x.example/Observation/1' } }]),
    ),
  ],
  [
    'data related to something else than an encounter, plan or episode',
    'provision.data[0].reference.reference',
    'invalid',
    set((c) => (c.provision.data = [{ meaning: 'related', reference: { reference: 'Condition/1' } }])),
  ],
  [
    'data of several meanings',
    'provision.data',
    'conflict',
    set(
      (c) =>
        (c.provision.data = [
          { meaning: 'instance', reference: { reference: 'Observation/1' } },
          { meaning: 'authoredby', reference: { reference: 'Practitioner/1' } },
        ]),
    ),
  ],
  ['an unknown element', 'provision.purposes', 'unknown', set((c) => (c.provision.purposes = []))],
  [
    'a modifier extension on the provision',
    'provision.modifierExtension',
    'unsupported',
    set((c) => (c.provision.modifierExtension = [{}])),
  ],
  ['an empty period', 'provision.period', 'required', set((c) => (c.provision.period = {}))],
  [
    'a period that ends before it starts',
    'provision.period',
    'conflict',
    set((c) => (c.provision.period = { start: '2023', end: '2022' })),
  ],
  [
    'a day that does not exist',
    'provision.period.end',
    'invalid',
    set((c) => (c.provision.period = { end: '2023-02-29' })),
  ],
  [
    'a time without a zone',
    'provision.period.start',
    'invalid',
    set((c) => (c.provision.period = { start: '2023-02-01T10:00:00' })),
  ],
  [
    'an exception without a type',
    'provision.provision[0].type',
    'required',
    set((c) => (c.provision.provision = [{}])),
  ],
  [
    'an exception to an exception',
    'provision.provision[0].provision',
    'unsupported',
    set((c) => (c.provision.provision = [{ type: 'deny', provision: [{ type: 'permit' }] }])),
  ],
  [
    'labels in an exception',
    'provision.provision[1].securityLabel',
    'unsupported',
    set((c) => (c.provision.provision = [{ type: 'deny' }, { type: 'deny', securityLabel: [] }])),
  ],
  [
    'too many exceptions',
    'provision.provision',
    'too-many',
    set((c) => (c.provision.provision = Array(17).fill({ type: 'deny' }))),
  ],
  [
    'an exception that is no object',
    'provision.provision[0]',
    'invalid',
    set((c) => (c.provision.provision = ['deny'])),
  ],
]
