// Generated Consents: one of every form that is translated, over and over, so that the demo and the tests meet all of them.

import type { Coding, Consent, ConsentProvision, ConsentProvisionActor } from '@medplum/fhirtypes'
import { SYSTEM } from './vocabulary.ts'

/** FHIR references of the generated organizations, people and groups; the binding leads them to the demo's identities. */
export const GENERATED_REFERENCES = {
  'Organization/demo-hospital-a': 'institution:hospital-a',
  'Organization/demo-hospital-b': 'institution:hospital-b',
  'Organization/demo-hospital-c': 'institution:hospital-c',
  'Organization/demo-laboratory': 'institution:laboratory',
  'Practitioner/demo-dr-b1': 'practitioner:dr-b1',
  'PractitionerRole/demo-dr-b1-at-b': 'practitioner:dr-b1@institution:hospital-b',
  'Group/demo-privileged-users': 'group:privileged-users',
  'RelatedPerson/demo-mother': 'delegate:mother',
} as const

export type GeneratedReference = keyof typeof GENERATED_REFERENCES

interface Form {
  readonly provision?: ConsentProvision
  readonly policyRule?: string
  readonly scope?: 'patient-privacy' | 'research'
  readonly performer?: GeneratedReference
}

const actors = (...references: readonly GeneratedReference[]): ConsentProvisionActor[] =>
  references.map((reference) => ({
    role: { coding: [{ system: SYSTEM.participationType, code: 'IRCP' }] },
    reference: { reference },
  }))
const purposes = (...codes: readonly string[]): Coding[] => codes.map((code) => ({ system: SYSTEM.actReason, code }))

/** In the order in which they are given to patients 1, 2, ... */
export const CONSENT_FORMS = {
  'permit-treatment': { provision: { type: 'permit', purpose: purposes('TREAT') } },
  'permit-one-institution': {
    provision: { type: 'permit', purpose: purposes('TREAT'), actor: actors('Organization/demo-hospital-b') },
  },
  'deny-everything': { provision: { type: 'deny' } },
  'permit-expired': {
    provision: { type: 'permit', purpose: purposes('TREAT'), period: { start: '2022-01-01', end: '2022-12-31' } },
  },
  'permit-research': { scope: 'research', provision: { type: 'permit', purpose: purposes('HRESCH') } },
  'permit-one-practitioner': {
    provision: { type: 'permit', purpose: purposes('TREAT', 'HPAYMT'), actor: actors('Practitioner/demo-dr-b1') },
  },
  'deny-but-break-glass': {
    provision: {
      type: 'deny',
      provision: [{ type: 'permit', purpose: purposes('BTG'), actor: actors('Group/demo-privileged-users') }],
    },
  },
  'permit-except-institution': {
    provision: {
      type: 'permit',
      purpose: purposes('TREAT', 'HOPERAT'),
      provision: [{ type: 'deny', actor: actors('Organization/demo-hospital-c') }],
    },
  },
  'permit-for-child': {
    performer: 'RelatedPerson/demo-mother',
    provision: { type: 'permit', purpose: purposes('TREAT') },
  },
  'permit-practitioner-at-institution': {
    provision: { type: 'permit', purpose: purposes('TREAT'), actor: actors('PractitionerRole/demo-dr-b1-at-b') },
  },
  'opt-in': { policyRule: 'OPTIN' },
  'opt-in-restricted': { policyRule: 'OPTINR', provision: { actor: actors('Organization/demo-laboratory') } },
  'opt-out': { policyRule: 'OPTOUT' },
  'opt-out-except': {
    policyRule: 'OPTOUTE',
    provision: { provision: [{ type: 'permit', purpose: purposes('ETREAT') }] },
  },
  'emergency-only': { policyRule: 'EMRGONLY' },
  'permit-until': {
    provision: { type: 'permit', purpose: purposes('TREAT'), period: { start: '2024-01', end: '2098' } },
  },
} as const satisfies { [name: string]: Form }

export type ConsentForm = keyof typeof CONSENT_FORMS

/** The Consent of the patient at `position` (from 1): the forms take turns. */
export function generateConsent(position: number): { form: ConsentForm; consent: Consent } {
  const forms = Object.keys(CONSENT_FORMS) as ConsentForm[]
  const form = forms[(position - 1) % forms.length] as ConsentForm
  const { provision, policyRule, scope = 'patient-privacy', performer }: Form = CONSENT_FORMS[form]
  const number = String(position).padStart(6, '0')
  const patient = { reference: `Patient/demo-patient-${number}` }
  const consent: Consent = {
    resourceType: 'Consent',
    id: `demo-consent-${number}`,
    status: 'active',
    scope: { coding: [{ system: SYSTEM.consentScope, code: scope }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0', display: 'Consent' }] }],
    patient,
    dateTime: '2024-01-15',
    performer: [performer === undefined ? patient : { reference: performer }],
    organization: [{ reference: 'Organization/demo-hospital-a' satisfies GeneratedReference }],
    ...(policyRule !== undefined && { policyRule: { coding: [{ system: SYSTEM.actCode, code: policyRule }] } }),
    ...(provision !== undefined && { provision }),
  }
  return { form, consent }
}
