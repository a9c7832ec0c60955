// The request of a simulation, as outsiders write it: references as they stand in the Consents, and the custodian's settings.

import * as z from 'zod'
import { parseUnambiguous } from '../../fhir/parse-json.ts'
import type { Problems } from '../../fhir/problem.ts'
import { typeOfReference } from '../../fhir/reference-id.ts'
import { PURPOSES, SYSTEM } from '../../fhir/vocabulary.ts'

/** A reference; where its text says a type, one of these. */
const reference = (accepted: string, ...types: readonly string[]) =>
  z
    .string({ error: accepted })
    .regex(/^\S{1,512}$/, accepted)
    .refine((text) => types.includes(typeOfReference(text) ?? (types[0] as string)), accepted)
const settings = <const T extends Readonly<Record<string, string>>>(codes: T) => {
  const accepted = Object.keys(codes).join(', ')
  return z
    .string({ error: accepted })
    .refine((code) => Object.hasOwn(codes, code), accepted)
    .transform((code): T[keyof T] => codes[code] as T[keyof T])
}

const IMPLICIT_POLICIES = {
  deny: 'deny',
  basicNormal: 'basicNormal',
  'basic-normal': 'basicNormal',
  allNormal: 'allNormal',
  'all-normal': 'allNormal',
  breakGlassOnly: 'breakGlassOnly',
  'break-glass-only': 'breakGlassOnly',
} as const
const BREAK_GLASS = { override: 'override', consentOnly: 'consentOnly', never: 'never' } as const

const purposeText = 'a purpose of spec/consent.md, such as TREAT, exactly as it is written there'
const purpose = z
  .string({ error: purposeText })
  .transform((text) => (text.includes('|') ? text : `${SYSTEM.actReason}|${text}`))
  .refine((code) => PURPOSES.has(code), purposeText)
  .transform((code) => PURPOSES.get(code) as string)

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/
const instantText = 'an ISO 8601 instant from 1970 on with a time zone, such as 2026-01-31T08:00:00Z'
const instant = z
  .string({ error: instantText })
  .transform((text) => (INSTANT.test(text) ? millisecondsOf(text) : Number.NaN))
  .refine((timeMs) => timeMs >= 0, instantText)

function millisecondsOf(text: string): number {
  try {
    return Temporal.Instant.from(text).epochMilliseconds
  } catch (error) {
    if (error instanceof RangeError) return Number.NaN
    throw error
  }
}

const practitionerText = 'a reference to a Practitioner or PractitionerRole; none: the organization asks for itself'

const MEMBERS_MAX = 64
const memberText = 'a reference to a Practitioner or an Organization; groups contain no groups'
const member = reference(memberText, 'Practitioner', 'PractitionerRole', 'Organization')
const membersText = `a list of at most ${MEMBERS_MAX} references`

const requestSchema = z.strictObject({
  patient: reference('a reference to a Patient, as in Consent.patient', 'Patient'),
  custodian: reference('a reference to an Organization, as in Consent.organization', 'Organization'),
  requester: z.strictObject(
    {
      practitioner: reference(practitionerText, 'Practitioner', 'PractitionerRole')
        .nullish()
        .transform((text) => text ?? null),
      organization: reference('a reference to the Organization that the requester acts for', 'Organization'),
      role: z
        .string({ error: 'a role of spec/consent.md, such as physician' })
        .nullish()
        .transform((text) => text ?? null),
    },
    { error: 'an object {practitioner, organization, role}' },
  ),
  purpose,
  at: instant,
  groups: z
    .record(reference('Group/ID', 'Group'), z.array(member, { error: membersText }).max(MEMBERS_MAX, membersText), {
      error: 'an object of "Group/ID": [references]',
    })
    .default({}),
  implicitPolicy: settings(IMPLICIT_POLICIES).default('deny'),
  breakGlass: settings(BREAK_GLASS).default('override'),
  labelling: z.boolean({ error: 'true or false' }).default(false),
})

export type SimulationRequest = z.infer<typeof requestSchema>

/** Undefined after problems were noted. */
export function readRequest(bytes: Uint8Array, problems: Problems): SimulationRequest | undefined {
  const value = parseUnambiguous(bytes)
  if (value === undefined) {
    const accepted = 'the request as a JSON object in UTF-8, each field once'
    return problems.add('invalid', 'Request', { reason: 'cannot be read', accepted })
  }
  const parsed = requestSchema.safeParse(value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) noteIssue(issue, { value, problems })
  return undefined
}

function noteIssue(issue: z.core.$ZodIssue, { value, problems }: { value: unknown; problems: Problems }): void {
  const path = pathOf(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const accepted = `the fields of ${path} in the help of this command`
    problems.add('unknown', path, { reason: 'holds a field that is not one of a request', accepted })
  } else if (at(value, issue.path) === undefined) {
    problems.add('required', path, { reason: 'missing', accepted: issue.message })
  } else {
    problems.add('invalid', path, { reason: 'not accepted', accepted: issue.message })
  }
}

function pathOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
  return `Request${steps.join('')}`
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as { [key: PropertyKey]: unknown } | undefined)?.[step], value)
}
