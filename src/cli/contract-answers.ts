// What the built-in contracts answer, as the commands need it: checked where it enters (spec/contracts.md). Fields that no
// command shows are left out.

import * as z from 'zod'
import { ClientError } from '../client/errors.ts'
import type { Json } from '../contracts/abi.ts'
import { type IdentityId, isHex32 } from '../types/brand.ts'

const id = z.custom<IdentityId>((value) => typeof value === 'string' && isHex32(value))
const timeMs = z.int()

const clauseSchema = z.object({
  type: z.enum(['permit', 'deny']),
  recipients: z.array(
    z.object({ kind: z.enum(['person', 'institution', 'group', 'personAt']), id, at: id.nullable() }),
  ),
  purposes: z.array(z.string()),
  from: timeMs.nullable(),
  to: timeMs.nullable(),
  limited: z.boolean(),
})
export type Clause = z.output<typeof clauseSchema>

const statusSchema = z.enum(['active', 'revoked', 'voided'])

/** `consent.Consent` */
export const consentSchema = z.object({
  consent: id,
  patient: id,
  custodian: id,
  version: z.int(),
  status: statusSchema,
  endedAt: timeMs.nullable(),
  terms: z.object({
    attested: z.boolean(),
    delegation: id.nullable(),
    recorder: id.nullable(),
    registeredAt: timeMs,
    clauses: z.array(clauseSchema),
  }),
})
export type Consent = z.output<typeof consentSchema>

const outcomeSchema = z.enum(['DENY', 'PERMIT', 'PERMIT_FILTERED', 'PERMIT_BTG'])
const basisSchema = z.enum(['consent', 'implicit', 'breakGlass'])
const usedSchema = z.object({
  consent: id,
  version: z.int(),
  clause: z.int(),
  type: z.enum(['permit', 'deny']),
  group: id.nullable(),
  groupVersion: z.int().nullable(),
})

/** `access.Answer` */
export const answerSchema = z.object({
  decision: z.int(),
  outcome: outcomeSchema,
  filtered: z.boolean(),
  basis: basisSchema.nullable(),
  reasons: z.array(z.string()),
  clauses: z.array(usedSchema),
  vouchedBy: id.nullable(),
  height: z.int(),
  expiresAt: timeMs.nullable(),
})
export type Answer = z.output<typeof answerSchema>

/** `algorithm.Versions` */
const versionsSchema = z.object({
  algorithm: z.int(),
  codes: z.int(),
  roles: z.int(),
  settings: z.int(),
  registry: z.int(),
  consents: z.int(),
  deployment: z.int(),
})

/** `access.Decision` */
export const termsSchema = z.object({
  request: z.object({
    patient: id,
    custodian: id,
    practitioner: id.nullable(),
    role: z.string(),
    institution: id,
    purpose: z.string(),
    breakGlass: z.object({ reason: z.string() }).nullable(),
  }),
  submitter: id,
  outcome: outcomeSchema,
  filtered: z.boolean(),
  basis: basisSchema.nullable(),
  reasons: z.array(z.string()),
  clauses: z.array(usedSchema),
  versions: versionsSchema,
  height: z.int(),
  at: timeMs,
  expiresAt: timeMs.nullable(),
})

/** `algorithm.Verdict` */
export const verdictSchema = termsSchema.pick({
  outcome: true,
  filtered: true,
  basis: true,
  reasons: true,
  clauses: true,
})

/** `algorithm.Looked` */
export const lookedSchema = usedSchema.extend({
  patient: id,
  limited: z.boolean(),
  fit: z.enum(['matches', 'otherPurpose', 'lapsed', 'consentNotNow', 'notNow', 'otherRecipient']),
  delegation: id.nullable(),
})

/** `access.Entry` */
export const decisionSchema = z.object({
  decision: z.int(),
  flagged: z.boolean(),
  terms: termsSchema,
  releases: z.array(z.object({ records: z.array(id), at: timeMs, height: z.int() })),
})
export type Decision = z.output<typeof decisionSchema>

/** `consent.Change` */
const changeSchema = z.object({
  number: z.int(),
  consent: id,
  version: z.int(),
  status: statusSchema,
  by: id,
  at: timeMs,
  height: z.int(),
})
export type Change = z.output<typeof changeSchema>

/** `audit.Read` */
const readSchema = z.object({
  number: z.int(),
  reader: id,
  subject: id.nullable(),
  via: id.nullable(),
  reason: z.enum(['ownData', 'review', 'oversight']),
  at: timeMs,
  height: z.int(),
})
export type Read = z.output<typeof readSchema>

/** `audit.Trail` */
export const trailSchema = z.object({
  decisions: z.array(decisionSchema),
  changes: z.array(changeSchema),
  reads: z.array(readSchema),
})
export type Trail = z.output<typeof trailSchema>

/** `registry.Identity?` */
export const identitySchema = z.object({ kind: z.string() }).nullable()
/** `list<registry.KeyOf, 64>` */
export const keysSchema = z.array(z.object({ keyId: z.int(), key: z.string() }))

/** A contract's answer in its shape. Throws BAD_ANSWER naming the method and the field. */
export function readAnswer<T>(value: Json, { schema, method }: { schema: z.ZodType<T>; method: string }): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const field = [method, ...(parsed.error.issues[0]?.path ?? []).map(String)].join('.')
  throw new ClientError('BAD_ANSWER', `${field}: not as documented; is the node of another version?`, { field })
}
