// Every element of R4 Consent and what becomes of it (spec/fhir.md, "Consent"). Source: hl7.org/fhir/R4/consent.html;
// IHE Privacy Consent on FHIR 1.1.0. A new version of this project moves entries, and nothing is ever left out.

import type { ElementTable } from './element.ts'

const DATA_LIMITS = 'limits on data are not supported yet, and leaving them out would widen or narrow the consent'

export const CONSENT: ElementTable = {
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

const PROVISION_ELEMENTS: ElementTable = {
  type: 'mapped',
  period: 'mapped',
  actor: 'mapped',
  action: 'mapped',
  securityLabel: { reason: DATA_LIMITS, accepted: 'a provision without security labels' },
  purpose: 'mapped',
  class: { reason: DATA_LIMITS, accepted: 'a provision for every class of data' },
  code: { reason: DATA_LIMITS, accepted: 'a provision for every code' },
  dataPeriod: { reason: DATA_LIMITS, accepted: 'a provision for data of every time' },
  data: { reason: DATA_LIMITS, accepted: 'a provision without selected data' },
}

export const ROOT_PROVISION: ElementTable = { ...PROVISION_ELEMENTS, provision: 'mapped' }

export const EXCEPTION: ElementTable = {
  ...PROVISION_ELEMENTS,
  provision: {
    reason: 'exceptions to exceptions are not supported',
    accepted: 'one level of provisions under the root provision',
  },
}

export const ACTOR: ElementTable = { role: 'mapped', reference: 'mapped' }
export const PERIOD: ElementTable = { start: 'mapped', end: 'mapped' }
export const REFERENCE: ElementTable = { reference: 'mapped', type: 'body', identifier: 'body', display: 'body' }
export const CODEABLE_CONCEPT: ElementTable = { coding: 'mapped', text: 'body' }
export const CODING: ElementTable = {
  system: 'mapped',
  version: 'body',
  code: 'mapped',
  display: 'body',
  userSelected: 'body',
}
