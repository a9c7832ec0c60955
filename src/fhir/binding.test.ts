import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { IdentityId } from '../types/brand.ts'
import { type BoundIdentities, bindingResolver, parseBinding, readBinding } from './binding.ts'
import { consentToChain } from './consent-to-chain.ts'
import type { FhirError } from './errors.ts'
import { scanFolder } from './import.ts'
import { readMasterIdentifier } from './master-identifier.ts'
import { Problems } from './problem.ts'

const id = (digit: string): IdentityId => digit.repeat(64) as IdentityId
const patientAt = (position: number): IdentityId => position.toString(16).padStart(64, '0') as IdentityId

const identities: BoundIdentities = {
  institution: (name) => (name === 'hospital-a' ? id('a') : null),
  practitioner: (name) => (name === 'dr-b1' ? id('b') : null),
  group: (name) => (name === 'privileged-users' ? id('c') : null),
  patientAt: (position) => (position <= 10 ? patientAt(position) : null),
  delegation: (name, patient) => (name === 'mother' && patient === patientAt(5) ? id('d') : null),
}

const BASE = {
  format: 'assent-binding/1',
  masterIdentifierSystem: 'http://hospital.example/mrn',
  timeZone: 'Europe/Berlin',
  references: {} as Record<string, string>,
}

describe('a binding file', () => {
  test('leads references to identities, to patients, and to delegates', async () => {
    const references = {
      'Organization/o': 'institution:hospital-a',
      'Practitioner/p': 'practitioner:dr-b1',
      'PractitionerRole/r': 'practitioner:dr-b1@institution:hospital-a',
      'Group/g': 'group:privileged-users',
      'Patient/third': 'patient:3',
      'Patient/own': 'patient:same-position',
      'Patient/mother': 'delegate:mother',
      'Organization/missing': 'institution:hospital-z',
    }
    const resolver = bindingResolver(parseBinding({ ...BASE, references }), { identities, position: 5 })
    expect(await resolver.identity('Organization/o')).toEqual({ kind: 'organization', id: id('a') })
    expect(await resolver.identity('Practitioner/p/_history/2')).toEqual({ kind: 'practitioner', id: id('b') })
    expect(await resolver.identity('PractitionerRole/r')).toEqual({
      kind: 'practitionerRole',
      id: id('b'),
      at: id('a'),
    })
    expect(await resolver.identity('Group/g')).toEqual({ kind: 'group', id: id('c') })
    expect(await resolver.identity('Patient/third')).toEqual({ kind: 'patient', id: patientAt(3) })
    expect(await resolver.identity('Patient/own')).toEqual({ kind: 'patient', id: patientAt(5) })
    expect(await resolver.identity('Patient/mother')).toBeNull()
    expect(await resolver.delegation('Patient/mother', patientAt(5))).toBe(id('d'))
    expect(await resolver.delegation('Patient/mother', patientAt(6))).toBeNull()
    expect(await resolver.delegation('Practitioner/p', patientAt(5))).toBeNull()
    expect(await resolver.identity('Organization/missing')).toBeNull()
    expect(await resolver.identity('Organization/unbound')).toBeNull()
    expect(await resolver.identity('constructor')).toBeNull()
  })

  test.each([
    ['format', { format: 'assent-binding/2' }],
    ['masterIdentifierSystem', { masterIdentifierSystem: 'mrn' }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['references.Patient/p', { references: { 'Patient/p': 'patient:0' } }],
    ['references.Patient/p', { references: { 'Patient/p': 'somebody' } }],
    ['references.patient', { references: { patient: 'patient:1' } }],
    ['(file)', { extra: true }],
  ])('is refused with the field %s named for %j', (field, change) => {
    expect(() => parseBinding({ ...BASE, ...change })).toThrow(`binding file binding: ${field}: `)
  })

  test('that is not there is refused', async () => {
    const attempt = readBinding('/nowhere/binding.json')
    await expect(attempt).rejects.toSatisfy((error: FhirError) => error.code === 'BINDING_INVALID')
  })
})

const ROOT = join(import.meta.dirname, '../..')
const SAMPLES = join(ROOT, '../shared/fhir')
const SAMPLES_TITLE = 'the sample folder ../shared/fhir with demo/synthea-binding.json (skipped where it is absent)'

describe.skipIf(!existsSync(SAMPLES))(SAMPLES_TITLE, () => {
  const binding = readBinding(join(ROOT, 'demo/synthea-binding.json'))
  const folder = existsSync(SAMPLES) ? scanFolder(SAMPLES) : null

  test('has ten patients, each with the master identifier and records whose bytes are JSON', async () => {
    const scanned = await folder
    if (scanned === null) throw new Error('no folder')
    expect(scanned.problems).toEqual([])
    const { masterIdentifierSystem: system } = await binding
    const seen = new Set<string>()
    let position = 0
    for await (const patient of scanned.patients()) {
      expect(patient.position).toBe(++position)
      const problems = new Problems()
      const identifier = readMasterIdentifier(patient.resource, { type: 'Patient', system, problems })
      expect(problems.list).toEqual([])
      seen.add(identifier?.value ?? '')
      expect(patient.records.length).toBeGreaterThan(50)
      for (const { bytes, type } of patient.records) {
        expect(JSON.parse(new TextDecoder().decode(bytes)).resourceType).toBe(type)
      }
    }
    expect(seen.size).toBe(10)
  })

  test.each([{ labelling: false }, { labelling: true }])(
    'has ten Consents: labels need a custodian that declares them ($labelling)',
    async ({ labelling }) => {
      const scanned = await folder
      if (scanned === null) throw new Error('no folder')
      const parsed = await binding
      const results: [string, string][] = []
      for (const entry of scanned.entries('Consent')) {
        const { bytes } = await scanned.load(entry)
        const resolver = bindingResolver(parsed, { identities, position: entry.position })
        const intent = await consentToChain(bytes, { resolver, timeZone: parsed.timeZone, labelling, known: false })
        const paths = intent.kind === 'refused' ? intent.problems.map(({ path }) => path) : []
        results.push([entry.key ?? '', [intent.kind, ...paths].join(' ')])
        if (intent.kind === 'terms') expect(intent.terms[0]?.patient).toBe(patientAt(entry.position))
      }
      const ofLabels = (...paths: string[]): string => (labelling ? 'terms' : ['refused', ...paths].join(' '))
      expect(results).toEqual([
        [
          'Consent/ex-consent-advanced-normal-focused-psy',
          ofLabels('Consent.provision.securityLabel', 'Consent.provision.provision[0].securityLabel'),
        ],
        ['Consent/ex-consent-advanced-normal', ofLabels('Consent.provision.securityLabel')],
        ['Consent/ex-consent-basic-reject', 'terms'],
        ['Consent/ex-consent-basic-research', 'terms'],
        ['Consent/ex-consent-basic-treat-infant', 'terms'],
        ['Consent/ex-consent-basic-treat', 'terms'],
        ['Consent/ex-consent-expired-treat', 'terms'],
        ['Consent/ex-consent-intermediate-authoredby', 'terms'],
        ['Consent/ex-consent-intermediate-timeframe', 'terms'],
        ['Consent/ex-dissent-intermediate-break-glass', 'terms'],
      ])
    },
  )
})
