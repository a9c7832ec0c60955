// One generated person with a small record. Names are made of invented syllables and say that they are synthetic; codes are
// real ones, so that what is built on them can be tried.

import type {
  AllergyIntolerance,
  CodeableConcept,
  Condition,
  DiagnosticReport,
  Encounter,
  Immunization,
  MedicationRequest,
  Observation,
  Patient,
  Procedure,
  Resource,
} from '@medplum/fhirtypes'
import type { SeededRandom } from './seeded-random.ts'

/** Identifier system of generated patients; the default master system of a node. */
export const GENERATED_MASTER_SYSTEM = 'urn:assent:mrn'

const ONSETS = [
  'Bru',
  'Dor',
  'Fel',
  'Gav',
  'Jor',
  'Kel',
  'Lum',
  'Mev',
  'Nar',
  'Pel',
  'Quo',
  'Ras',
  'Tov',
  'Vel',
  'Zan',
] as const
const ENDINGS = ['adin', 'ebo', 'imar', 'ondo', 'ulea', 'axo', 'ethim', 'ivor', 'okra', 'uzan'] as const

export function syntheticName(random: SeededRandom): { family: string; given: string[] } {
  const word = (): string => random.pick(ONSETS) + random.pick(ENDINGS)
  return { family: `${word()}-Synthetic`, given: [word()] }
}

type Code = { readonly system: string; readonly code: string; readonly display: string }
type Codes = readonly [Code, ...Code[]]
const SNOMED = 'http://snomed.info/sct'
const LOINC = 'http://loinc.org'
const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm'
const CVX = 'http://hl7.org/fhir/sid/cvx'

const CONDITIONS: Codes = [
  { system: SNOMED, code: '38341003', display: 'Hypertensive disorder' },
  { system: SNOMED, code: '44054006', display: 'Type 2 diabetes mellitus' },
  { system: SNOMED, code: '195967001', display: 'Asthma' },
]
const MEDICATIONS: Codes = [
  { system: RXNORM, code: '314076', display: 'lisinopril 10 MG Oral Tablet' },
  { system: RXNORM, code: '860975', display: 'metformin hydrochloride 500 MG Oral Tablet' },
]
const ALLERGIES: Codes = [
  { system: SNOMED, code: '91936005', display: 'Allergy to penicillin' },
  { system: SNOMED, code: '300913006', display: 'Allergy to shellfish' },
]

/** code, unit, and the range of the value in tenths. */
const MEASUREMENTS = [
  { code: { system: LOINC, code: '8867-4', display: 'Heart rate' }, unit: '/min', tenths: [550, 950] },
  { code: { system: LOINC, code: '29463-7', display: 'Body weight' }, unit: 'kg', tenths: [480, 1100] },
  { code: { system: LOINC, code: '4548-4', display: 'Hemoglobin A1c' }, unit: '%', tenths: [48, 91] },
  { code: { system: LOINC, code: '8310-5', display: 'Body temperature' }, unit: 'Cel', tenths: [361, 389] },
] as const satisfies { code: Code; unit: string; tenths: [number, number] }[]

/** The Patient first, then eleven resources about it. `position` is from 1. */
export function generatePatient(random: SeededRandom, position: number): [Patient, ...Resource[]] {
  const number = String(position).padStart(6, '0')
  const id = `demo-patient-${number}`
  const subject = { reference: `Patient/${id}` }
  const patient: Patient = {
    resourceType: 'Patient',
    id,
    identifier: [{ system: GENERATED_MASTER_SYSTEM, value: `MRN-${number}-${random.between(1000, 9999)}` }],
    name: [{ use: 'official', ...syntheticName(random) }],
    gender: random.pick(['female', 'male', 'other']),
    birthDate: date(random, { from: 1940, to: 2015 }),
    telecom: [{ system: 'phone', value: `555-01${random.between(10, 99)}` }],
    address: [{ line: [`${random.between(1, 99)} Synthetic Lane`], city: 'Sampleton', country: 'ZZ' }],
  }
  const encounter: Encounter = {
    resourceType: 'Encounter',
    id: random.uuid(),
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject,
    period: { start: instant(random) },
  }
  const context = { subject, encounter: { reference: `Encounter/${encounter.id}` } }
  const observations = MEASUREMENTS.map((each) => observation(random, { ...each, context }))
  return [patient, encounter, ...observations, ...care(random, context), report(random, { observations, context })]
}

interface Context {
  readonly subject: { reference: string }
  readonly encounter: { reference: string }
}

function observation(
  random: SeededRandom,
  { code, unit, tenths: [min, max], context }: (typeof MEASUREMENTS)[number] & { context: Context },
): Observation {
  return {
    resourceType: 'Observation',
    id: random.uuid(),
    status: 'final',
    code: conceptOf(code),
    ...context,
    effectiveDateTime: instant(random),
    valueQuantity: { value: random.between(min, max) / 10, unit, system: 'http://unitsofmeasure.org', code: unit },
  }
}

function care(random: SeededRandom, context: Context): Resource[] {
  const { subject, encounter } = context
  const condition: Condition = {
    resourceType: 'Condition',
    id: random.uuid(),
    clinicalStatus: conceptOf({ ...CLINICAL_STATUS, code: 'active' }),
    code: conceptOf(random.pick(CONDITIONS)),
    ...context,
    onsetDateTime: date(random, { from: 2018, to: 2024 }),
  }
  const medication: MedicationRequest = {
    resourceType: 'MedicationRequest',
    id: random.uuid(),
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: conceptOf(random.pick(MEDICATIONS)),
    ...context,
    reasonReference: [{ reference: `Condition/${condition.id}` }],
    authoredOn: instant(random),
  }
  const allergy: AllergyIntolerance = {
    resourceType: 'AllergyIntolerance',
    id: random.uuid(),
    code: conceptOf(random.pick(ALLERGIES)),
    patient: subject,
  }
  const immunization: Immunization = {
    resourceType: 'Immunization',
    id: random.uuid(),
    status: 'completed',
    vaccineCode: conceptOf({ system: CVX, code: '140', display: 'Influenza, seasonal, injectable' }),
    patient: subject,
    encounter,
    occurrenceDateTime: instant(random),
  }
  const procedure: Procedure = {
    resourceType: 'Procedure',
    id: random.uuid(),
    status: 'completed',
    code: conceptOf({ system: SNOMED, code: '430193006', display: 'Medication reconciliation' }),
    ...context,
    performedDateTime: instant(random),
  }
  return [condition, medication, allergy, immunization, procedure]
}

function report(
  random: SeededRandom,
  { observations, context }: { observations: readonly Observation[]; context: Context },
): DiagnosticReport {
  return {
    resourceType: 'DiagnosticReport',
    id: random.uuid(),
    status: 'final',
    code: conceptOf({ system: LOINC, code: '51990-0', display: 'Basic metabolic panel' }),
    ...context,
    effectiveDateTime: instant(random),
    result: observations.map(({ id }) => ({ reference: `Observation/${id}` })),
  }
}

const CLINICAL_STATUS = {
  system: 'http://terminology.hl7.org/CodeSystem/condition-clinical',
  display: 'Active',
} as const

function conceptOf(code: Code): CodeableConcept {
  return { coding: [{ ...code }], text: code.display }
}

function date(random: SeededRandom, { from, to }: { from: number; to: number }): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${random.between(from, to)}-${two(random.between(1, 12))}-${two(random.between(1, 28))}`
}

function instant(random: SeededRandom): string {
  const two = (max: number): string => String(random.between(0, max)).padStart(2, '0')
  return `${date(random, { from: 2024, to: 2025 })}T${two(23)}:${two(59)}:${two(59)}Z`
}
