// What is wrong with a FHIR resource: which element (FHIRPath), why, and what is accepted. Never the element's value, a
// display, a reference or a name: problems are shown, sent and logged.

/**
 * - `required`: the element is missing.
 * - `invalid`: its value has the wrong form or is not one of those accepted.
 * - `unsupported`: a known element that this version does not translate. Refused, because leaving it out would change
 *   what the consent means.
 * - `unknown`: not an element of R4.
 * - `unresolved`: a reference that leads to nobody registered.
 * - `conflict`: two elements contradict each other.
 * - `too-many`: more of it than a consent on the chain can hold.
 */
export type ProblemCode = 'required' | 'invalid' | 'unsupported' | 'unknown' | 'unresolved' | 'conflict' | 'too-many'

export interface ElementProblem {
  readonly code: ProblemCode
  /** FHIRPath of the element, such as Consent.provision.actor[0].role. */
  readonly path: string
  readonly reason: string
  /** What is accepted instead, in words. */
  readonly accepted: string
}

/** Gathers problems, so that a sender sees all of them at once. */
export class Problems {
  readonly list: ElementProblem[] = []
  add(code: ProblemCode, path: string, { reason, accepted }: { reason: string; accepted: string }): undefined {
    this.list.push({ code, path, reason, accepted })
    return undefined
  }
}
