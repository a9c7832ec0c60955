// The demo's own FHIR data, pure from a seed: a folder's worth of files and the binding that belongs to it, to be imported
// like any other folder. Nobody in it exists.

import type { Bundle, Organization, Practitioner, Resource } from '@medplum/fhirtypes'
import { type Binding, parseBinding } from './binding.ts'
import { GENERATED_REFERENCES, generateConsent } from './generate-consents.ts'
import { GENERATED_MASTER_SYSTEM, generatePatient, syntheticName } from './generate-record.ts'
import { SeededRandom } from './seeded-random.ts'

export interface GeneratedFile {
  /** Relative, with forward slashes. */
  readonly name: string
  readonly bytes: Uint8Array
}

export interface GeneratedFolder {
  readonly files: readonly GeneratedFile[]
  readonly binding: Binding
}

/** Consent i belongs to patient i, and its form is the i-th of CONSENT_FORMS, beginning again after the last. */
export function generateFolder({ seed, patients }: { seed: number; patients: number }): GeneratedFolder {
  const random = new SeededRandom(seed)
  const positions = Array.from({ length: patients }, (_, i) => i + 1)
  const people = positions.map((position) => {
    return file(`patients/demo-patient-${padded(position)}.json`, bundle(generatePatient(random, position)))
  })
  const consents = positions.map((position) => {
    const { form, consent } = generateConsent(position)
    return file(`consents/demo-consent-${padded(position)}-${form}.json`, consent)
  })
  const others = [
    file('organizations.json', bundle(generateOrganizations())),
    file('practitioners.json', bundle(generatePractitioners(random))),
  ]
  return { files: [...consents, ...others, ...people], binding: generateBinding(positions) }
}

const padded = (position: number): string => String(position).padStart(6, '0')

function file(name: string, resource: Resource): GeneratedFile {
  return { name, bytes: new TextEncoder().encode(`${JSON.stringify(resource, null, 2)}\n`) }
}

function bundle(resources: readonly Resource[]): Bundle {
  return { resourceType: 'Bundle', type: 'collection', entry: resources.map((resource) => ({ resource })) }
}

function generateOrganizations(): Organization[] {
  const names = {
    'hospital-a': 'Hospital A',
    'hospital-b': 'Hospital B',
    'hospital-c': 'Hospital C',
    laboratory: 'Laboratory',
  }
  return Object.entries(names).map(([id, name]) => ({ resourceType: 'Organization', id: `demo-${id}`, name }))
}

function generatePractitioners(random: SeededRandom): Practitioner[] {
  return ['dr-b1', 'dr-b2', 'dr-c1'].map((id) => {
    return { resourceType: 'Practitioner', id: `demo-${id}`, name: [syntheticName(random)] }
  })
}

function generateBinding(positions: readonly number[]): Binding {
  const patients = positions.map((position) => [`Patient/demo-patient-${padded(position)}`, `patient:${position}`])
  return parseBinding({
    format: 'assent-binding/1',
    masterIdentifierSystem: GENERATED_MASTER_SYSTEM,
    timeZone: 'Europe/Berlin',
    references: { ...GENERATED_REFERENCES, ...Object.fromEntries(patients) },
  })
}
