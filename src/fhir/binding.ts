// A binding file says who the FHIR references of an imported folder are: identities of the consortium under symbolic
// names, or a patient of the same folder. spec/fhir.md, "Binding".

import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { assertNever } from '../types/assert.ts'
import type { IdentityId } from '../types/brand.ts'
import { withoutVersion } from './compartment.ts'
import { FhirError } from './errors.ts'
import { isTimeZone } from './period.ts'
import type { ResolvedIdentity, Resolver } from './resolver.ts'

const NAME = '[a-z][a-z0-9-]{0,63}'
const TARGETS = {
  institution: new RegExp(`^institution:(${NAME})$`),
  practitionerAt: new RegExp(`^practitioner:(${NAME})@institution:(${NAME})$`),
  practitioner: new RegExp(`^practitioner:(${NAME})$`),
  group: new RegExp(`^group:(${NAME})$`),
  delegate: new RegExp(`^delegate:(${NAME})$`),
  patientAt: /^patient:([1-9]\d{0,6})$/,
  samePosition: /^patient:same-position$/,
} as const

/** Who a reference stands for, by a name that the consortium's set-up knows. */
export type BindingTarget =
  | { readonly kind: 'institution'; readonly name: string }
  | { readonly kind: 'practitioner'; readonly name: string }
  | { readonly kind: 'practitionerAt'; readonly name: string; readonly institution: string }
  | { readonly kind: 'group'; readonly name: string }
  /** Somebody whom a delegation lets consent for the patient of the consent. */
  | { readonly kind: 'delegate'; readonly name: string }
  /** The patient at this position in the folder (from 1, by file name). */
  | { readonly kind: 'patient'; readonly position: number }
  /** In the i-th Consent of the folder: the i-th Patient. */
  | { readonly kind: 'samePosition' }

const target = z.string().transform((text, context) => {
  const parsed = parseTarget(text)
  if (parsed !== null) return parsed
  const accepted = 'institution:NAME, practitioner:NAME[@institution:NAME], group:NAME, delegate:NAME, patient:NUMBER'
  context.addIssue({ code: 'custom', message: `expected ${accepted} or patient:same-position` })
  return z.NEVER
})

const bindingSchema = z.strictObject({
  format: z.literal('assent-binding/1'),
  /** Identifier system that names a patient at the importing institutions. */
  masterIdentifierSystem: z.string().regex(/^[a-z][a-z0-9+.-]*:[^\s|]+$/i, 'expected a URI'),
  /** IANA zone in which the consents' dates are meant. */
  timeZone: z.string().refine(isTimeZone, 'expected a time zone of the IANA database'),
  references: z.record(z.string().regex(/^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/, 'expected Type/id'), target),
})

export type Binding = z.infer<typeof bindingSchema>

/** Throws `BINDING_INVALID`, naming the field. */
export async function readBinding(file: string): Promise<Binding> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new FhirError('BINDING_INVALID', `binding file ${file}: cannot be read as JSON`, { cause })
  }
  return parseBinding(value, file)
}

export function parseBinding(value: unknown, file = 'binding'): Binding {
  const parsed = bindingSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(file)'}: ${message}`)
  throw new FhirError('BINDING_INVALID', `binding file ${file}: ${problems.join('; ')}`)
}

function parseTarget(text: string): BindingTarget | null {
  const match = (kind: keyof typeof TARGETS): string[] | undefined => TARGETS[kind].exec(text)?.slice(1)
  const named = (kind: 'institution' | 'practitioner' | 'group' | 'delegate'): BindingTarget | undefined => {
    const [name] = match(kind) ?? []
    return name === undefined ? undefined : { kind, name }
  }
  const [person, institution] = match('practitionerAt') ?? []
  if (person !== undefined && institution !== undefined) return { kind: 'practitionerAt', name: person, institution }
  const [position] = match('patientAt') ?? []
  if (position !== undefined) return { kind: 'patient', position: Number(position) }
  if (match('samePosition') !== undefined) return { kind: 'samePosition' }
  return named('institution') ?? named('practitioner') ?? named('group') ?? named('delegate') ?? null
}

/** What stands behind the names: the registry entries of this consortium. Null where a name is not known. */
export interface BoundIdentities {
  institution(name: string): IdentityId | null
  practitioner(name: string): IdentityId | null
  group(name: string): IdentityId | null
  patientAt(position: number): IdentityId | null
  /** Delegation of the named delegate for this patient. */
  delegation(name: string, patient: IdentityId): IdentityId | null
}

/** Resolver for the Consent at `position` (from 1) among the folder's Consents. */
export function bindingResolver(
  { references }: Binding,
  { identities, position }: { identities: BoundIdentities; position: number },
): Resolver {
  const targetOf = (reference: string): BindingTarget | undefined => {
    const name = withoutVersion(reference)
    return Object.hasOwn(references, name) ? references[name] : undefined
  }
  return {
    async identity(reference) {
      const bound = targetOf(reference)
      return bound === undefined ? null : identityOf(bound, { identities, position })
    },
    async delegation(reference, patient) {
      const bound = targetOf(reference)
      return bound?.kind === 'delegate' ? identities.delegation(bound.name, patient) : null
    },
  }
}

function identityOf(
  bound: BindingTarget,
  { identities, position }: { identities: BoundIdentities; position: number },
): ResolvedIdentity | null {
  switch (bound.kind) {
    case 'institution':
      return withId('organization', identities.institution(bound.name))
    case 'practitioner':
      return withId('practitioner', identities.practitioner(bound.name))
    case 'practitionerAt': {
      const id = identities.practitioner(bound.name)
      const at = identities.institution(bound.institution)
      return id === null || at === null ? null : { kind: 'practitionerRole', id, at }
    }
    case 'group':
      return withId('group', identities.group(bound.name))
    case 'patient':
      return withId('patient', identities.patientAt(bound.position))
    case 'samePosition':
      return withId('patient', identities.patientAt(position))
    case 'delegate':
      return null
    default:
      return assertNever(bound)
  }
}

function withId(
  kind: 'organization' | 'practitioner' | 'group' | 'patient',
  id: IdentityId | null,
): ResolvedIdentity | null {
  return id === null ? null : { kind, id }
}
