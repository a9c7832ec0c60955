// Every element of R4 Consent and what becomes of it (spec/fhir.md, "Consent"). Source: hl7.org/fhir/R4/consent.html;
// IHE Privacy Consent on FHIR 1.1.0. The compiler sees to it that none is left out.

import type {
  CodeableConcept,
  Coding,
  Consent,
  ConsentProvision,
  ConsentProvisionActor,
  ConsentProvisionData,
  Period,
} from '@medplum/fhirtypes'
import type { ElementTable, Everywhere, Fate } from './element.ts'

/** A fate for every element of the type. */
type Elements<T> = { readonly [Name in Exclude<keyof T, Everywhere>]-?: Fate }

export const CONSENT: Elements<Consent> = {
  resourceType: 'mapped',
  meta: 'body',
  implicitRules: { reason: 'rules that change the meaning are not supported', accepted: 'a consent without it' },
  language: 'body',
  text: 'body',
  contained: 'body',
  identifier: 'body',
  status: 'mapped',
  scope: 'mapped',
  category: 'body',
  patient: 'mapped',
  dateTime: 'body',
  performer: 'mapped',
  organization: 'mapped',
  sourceAttachment: 'body',
  sourceReference: 'body',
  policy: 'body',
  policyRule: 'mapped',
  verification: 'body',
  provision: 'mapped',
}

const PROVISION_ELEMENTS: Omit<Elements<ConsentProvision>, 'provision'> = {
  type: 'mapped',
  period: 'mapped',
  actor: 'mapped',
  action: 'mapped',
  securityLabel: 'mapped',
  purpose: 'mapped',
  class: 'mapped',
  code: 'mapped',
  dataPeriod: 'mapped',
  data: 'mapped',
}

export const ROOT_PROVISION: Elements<ConsentProvision> = { ...PROVISION_ELEMENTS, provision: 'mapped' }

export const EXCEPTION: Elements<ConsentProvision> = {
  ...PROVISION_ELEMENTS,
  provision: {
    reason: 'exceptions to exceptions are not supported',
    accepted: 'one level of provisions under the root provision',
  },
}

export const ACTOR: Elements<ConsentProvisionActor> = { role: 'mapped', reference: 'mapped' }
export const PROVISION_DATA: Elements<ConsentProvisionData> = { meaning: 'mapped', reference: 'mapped' }
export const PERIOD: Elements<Period> = { start: 'mapped', end: 'mapped' }
export const REFERENCE: ElementTable = { reference: 'mapped', type: 'body', identifier: 'body', display: 'body' }
export const CODEABLE_CONCEPT: Elements<CodeableConcept> = { coding: 'mapped', text: 'body' }
export const CODING: Elements<Coding> = {
  system: 'mapped',
  version: 'body',
  code: 'mapped',
  display: 'body',
  userSelected: 'body',
}
