// The consents of IHE Privacy Consent on FHIR that the table is about: each in our own words, and those of IHE's own files that
// lie beside the repository. Source: profiles.ihe.net/ITI/PCF, examples of version 1.1.0.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SAMPLE_FHIR } from '../support/demo-command.ts'

const SYSTEM = 'http://terminology.hl7.org/CodeSystem'
const coding = (system: string, code: string) => ({ system: `${SYSTEM}/${system}`, code })
const purposes = (...codes: readonly string[]) => ({ purpose: codes.map((code) => coding('v3-ActReason', code)) })
const recipient = (reference: string) => ({
  actor: [{ role: { coding: [coding('v3-ParticipationType', 'IRCP')] }, reference: { reference } }],
})

const USUAL = purposes('TREAT', 'HPAYMT', 'HOPERAT')
const NORMAL = { securityLabel: [coding('v3-Confidentiality', 'N')] }

const data = (meaning: string, reference: string) => ({ data: [{ meaning, reference: { reference } }] })
const usualBut = (withheld: object) => ({ type: 'permit', ...USUAL, provision: [{ type: 'deny', ...withheld }] })

const PROVISIONS = {
  'ex-consent-basic-treat': { type: 'permit', ...USUAL },
  'ex-consent-basic-treat-infant': { type: 'permit', ...USUAL },
  'ex-consent-basic-reject': { type: 'deny', ...USUAL },
  'ex-consent-basic-research': { type: 'permit', ...purposes('HRESCH') },
  'ex-consent-expired-treat': { type: 'permit', ...USUAL, period: { end: '2022-12-31' } },
  'ex-consent-intermediate-authoredby': {
    type: 'permit',
    ...USUAL,
    ...data('authoredby', 'Practitioner/ex-practitioner'),
  },
  'ex-consent-intermediate-timeframe': {
    type: 'permit',
    ...USUAL,
    dataPeriod: { start: '2022-01-01', end: '2022-12-31' },
  },
  'ex-consent-intermediate-data': { type: 'permit', ...USUAL, ...data('instance', 'Observation/ex-weight') },
  'ex-consent-intermediate-encounter': { type: 'permit', ...USUAL, ...data('related', 'Encounter/ex-encounter') },
  'ex-consent-intermediate-not-authoredby': usualBut(data('authoredby', 'Practitioner/ex-practitioner')),
  'ex-consent-intermediate-not-data': usualBut(data('instance', 'Observation/ex-weight')),
  'ex-consent-intermediate-not-encounter': usualBut(data('related', 'Encounter/ex-encounter')),
  'ex-consent-intermediate-not-timeframe': usualBut({ dataPeriod: { start: '2022-01-01', end: '2022-12-31' } }),
  'ex-dissent-intermediate-break-glass': {
    type: 'deny',
    provision: [{ type: 'permit', ...purposes('BTG'), ...recipient('Group/ex-privilegedUsers') }],
  },
  'ex-consent-advanced-normal': { type: 'permit', ...USUAL, ...NORMAL },
  'ex-consent-advanced-normal-focused-psy': {
    type: 'permit',
    ...USUAL,
    ...NORMAL,
    provision: [
      {
        type: 'permit',
        securityLabel: [coding('v3-ActCode', 'PSY')],
        ...recipient('Practitioner/ex-practitioner'),
      },
    ],
  },
} as const

export type ConsentName = keyof typeof PROVISIONS

function inOurWords(name: ConsentName): Uint8Array {
  const performer = name.endsWith('infant') ? 'Patient/ex-mother' : 'Patient/ex-patient'
  const consent = {
    resourceType: 'Consent',
    id: name,
    status: 'active',
    scope: { coding: [coding('consentscope', 'patient-privacy')] },
    patient: { reference: 'Patient/ex-patient' },
    dateTime: '2022-06-13',
    performer: [{ reference: performer }],
    organization: [{ reference: 'Organization/ex-organization' }],
    provision: PROVISIONS[name],
  }
  return new TextEncoder().encode(JSON.stringify(consent))
}

const NAMES = Object.keys(PROVISIONS) as ConsentName[]
const fileOf = (name: ConsentName): string => join(SAMPLE_FHIR ?? '', 'consent', `${name}.json`)
const fromIhe = (name: ConsentName): Uint8Array => new Uint8Array(readFileSync(fileOf(name)))

export interface Source {
  readonly source: string
  readonly names: readonly ConsentName[]
  readonly consentOf: (name: ConsentName) => Uint8Array
}

export const SOURCES: readonly Source[] = [
  { source: 'in our words', names: NAMES, consentOf: inOurWords },
  ...(SAMPLE_FHIR === null
    ? []
    : [{ source: 'as IHE wrote it', names: NAMES.filter((name) => existsSync(fileOf(name))), consentOf: fromIhe }]),
]
