// A consent within data limits: what hospital A may not show never leaves it, and the chain is told what did.

import { personSigner } from '../consortium.ts'
import { CUSTODIAN, type DemoPatient } from '../import-folder.ts'
import { readTrail, requestAccess, type Scenario, sameBytes } from '../scenario.ts'

const SYSTEM = 'http://terminology.hl7.org/CodeSystem'
const label = (system: string, code: string) => ({ system: `${SYSTEM}/${system}`, code })

/** Of 2024, unless it says otherwise. */
const observation = (
  id: string,
  { labels = [], on = '2024-05-01' }: { labels?: readonly object[]; on?: string } = {},
) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  ...(labels.length > 0 && { meta: { security: labels } }),
  effectiveDateTime: on,
})

const RELEASED = [
  observation('limits-unlabelled'),
  observation('limits-low', { labels: [label('v3-Confidentiality', 'L')] }),
]
const WITHHELD = [
  observation('limits-restricted', { labels: [label('v3-Confidentiality', 'R')] }),
  // Under PSY, though nothing but the consortium's table says so.
  observation('limits-therapy', { labels: [label('v3-Confidentiality', 'N'), label('v3-ActCode', 'PSYTHPN')] }),
  observation('limits-old', { on: '2019-05-01' }),
]

/** Normal data of 2024 for treatment, without what is about psychiatry. */
const PROVISION = {
  type: 'permit',
  purpose: [label('v3-ActReason', 'TREAT')],
  securityLabel: [label('v3-Confidentiality', 'N')],
  dataPeriod: { start: '2024-01-01', end: '2024-12-31' },
  provision: [{ type: 'deny', securityLabel: [label('v3-ActCode', 'PSY')] }],
}

const bytesOf = (resource: object): Uint8Array => new TextEncoder().encode(JSON.stringify(resource))

export async function limitedAccess(scenario: Scenario): Promise<void> {
  const { checks, consortium, spare } = scenario
  const patient = await spare([...RELEASED, ...WITHHELD].map(bytesOf))
  await register(scenario, patient)
  const { answer } = await requestAccess(scenario, { by: 'dr-b1', patient, purpose: 'TREAT' })
  checks.record(
    'a consent within data limits permits what its custodian leaves of the record',
    answer.outcome === 'PERMIT_FILTERED',
    `${answer.outcome}, ${answer.reasons.join(', ')}`,
  )
  const { records: fetched } = await consortium.desk('hospital-b').fetchRecords(patient.keys.identity, answer.decision)
  const expected = RELEASED.map(bytesOf)
  checks.record(
    'what the limits withhold never leaves hospital A: labels, a hierarchy of codes, dates',
    fetched.length === expected.length &&
      expected.every((bytes) => fetched.some((record) => sameBytes(record.bytes, bytes))),
    `${fetched.length} of ${patient.records.size} resources`,
  )
  const trail = await readTrail(scenario, {
    patient,
    via: CUSTODIAN,
    signer: personSigner(patient.keys),
    reason: 'ownData',
  })
  const releases = trail.decisions.find(({ decision }) => decision === answer.decision)?.releases ?? []
  const named = releases.flatMap((release) => (release as { records: readonly string[] }).records)
  checks.record(
    'the chain names the records that left, and no other',
    named.length === fetched.length && fetched.every(({ record }) => named.includes(record)),
    `${named.length} records in ${releases.length} release`,
  )
}

async function register({ consortium }: Scenario, { keys }: DemoPatient): Promise<void> {
  const consent = {
    resourceType: 'Consent',
    status: 'active',
    scope: { coding: [label('consentscope', 'patient-privacy')] },
    patient: { reference: 'Patient/limits' },
    performer: [{ reference: 'Patient/limits' }],
    organization: [{ reference: 'Organization/limits' }],
    provision: PROVISION,
  }
  const answer = await consortium.desk(CUSTODIAN).putConsent(bytesOf(consent), {
    'Patient/limits': { kind: 'patient', id: keys.identity },
    'Organization/limits': { kind: 'organization', id: consortium.member(CUSTODIAN).keys.institution },
  })
  if (answer.kind !== 'registered') throw new Error(`the limited consent is ${answer.kind}`)
}
