// Whose a resource is: the patient whom it names as its subject. Source: hl7.org/fhir/R4/compartmentdefinition-patient.html,
// reduced to the elements that carry the subject; where a type has none of them, to any reference that leads to a patient.

import { isObject, type JsonObject } from './element.ts'

/** Elements that name the subject, by far most types with one of the first two. */
const SUBJECT_ELEMENTS = ['subject', 'patient', 'beneficiary', 'for', 'individual'] as const

export interface PatientReferences {
  /** FHIRPath below the resource; null where the references were found anywhere in it. */
  readonly element: string | null
  readonly references: readonly string[]
}

/** Candidates, as they are written. */
export function patientReferences(resource: JsonObject): PatientReferences {
  for (const element of SUBJECT_ELEMENTS) {
    const references = directReferences(resource[element])
    if (references.length > 0) return { element, references }
  }
  const references = new Set<string>()
  collectReferences(resource, references)
  return { element: null, references: [...references] }
}

function directReferences(value: unknown): string[] {
  const items: unknown[] = Array.isArray(value) ? value : [value]
  return items.flatMap((item) => (isObject(item) && typeof item.reference === 'string' ? [item.reference] : []))
}

function collectReferences(value: unknown, into: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collectReferences(item, into)
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (name === 'reference' && typeof item === 'string') into.add(item)
      // Contained resources repeat what they are contained in.
      else if (name !== 'contained') collectReferences(item, into)
    }
  }
}

/** A reference without the version it may name. */
export function withoutVersion(reference: string): string {
  return reference.replace(/\/_history\/[A-Za-z0-9.-]+$/, '')
}
