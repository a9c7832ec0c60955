// What the contracts `validators` and `governance` answer, checked where it enters (spec/contracts.md).

import * as z from 'zod'
import type { Client } from '../client/client.ts'
import type { NamedCall } from '../client/interfaces.ts'
import { type Hash, type IdentityId, isHex32, type PublicKey } from '../types/brand.ts'
import { INSTITUTION_KINDS } from '../types/genesis.ts'
import { readAnswer } from './contract-answers.ts'
import type { Founders } from './identities.ts'

const id = z.custom<IdentityId>((value) => typeof value === 'string' && isHex32(value))
export const hash = z.custom<Hash>((value) => typeof value === 'string' && isHex32(value))
const key = z.custom<PublicKey>((value) => typeof value === 'string' && isHex32(value))

/** `validators.ValidatorSet` */
export const setSchema = z.object({
  epoch: z.int(),
  b: z.int(),
  members: z.array(z.object({ seat: z.int(), institution: id, consensus: key, governance: key })),
  height: z.int(),
  at: z.int(),
  proposal: z.int().nullable(),
})
export type SetAnswer = z.output<typeof setSchema>

export const KINDS = [
  'admitInstitution',
  'suspendInstitution',
  'reinstateInstitution',
  'expelInstitution',
  'addValidator',
  'removeValidator',
  'replaceKey',
  'setLiars',
  'protocolVersion',
  'addCode',
  'withdrawCode',
  'setRole',
  'limitChoice',
  'setShare',
  'deployContracts',
] as const

/** `policy.CodeKind`, `policy.ImplicitPolicy`, `policy.BreakGlassPolicy`, `governance.Share` */
export const CODE_KINDS = ['purpose', 'sensitivity', 'reason', 'capacity'] as const
export const IMPLICIT_POLICIES = ['deny', 'basicNormal', 'allNormal', 'breakGlassOnly'] as const
export const BREAK_GLASS_POLICIES = ['override', 'consentOnly', 'never'] as const
export const SHARES = ['majority', 'twoThirds', 'all'] as const

/** `policy.Settings` */
export const settingsSchema = z.object({
  implicitPolicy: z.enum(IMPLICIT_POLICIES),
  breakGlass: z.enum(BREAK_GLASS_POLICIES),
  labelling: z.boolean(),
  version: z.int(),
})

/** `policy.NamedRole` */
export const roleSchema = z.object({ role: z.string(), clinician: z.boolean(), purposes: z.array(z.string()) })

/** `deployments.Contract` */
export const deployedSchema = z.object({
  name: z.string(),
  version: z.int(),
  size: z.int(),
  parts: z.array(hash).readonly(),
})

/** `governance.Change` */
export const changeSchema = z.object({
  kind: z.enum(KINDS),
  institution: id.nullable(),
  admission: z
    .object({ kind: z.enum(INSTITUTION_KINDS), name: z.string(), signing: key, encryption: key, transport: key })
    .nullable(),
  consensus: key.nullable(),
  b: z.int().nullable(),
  acceptStalls: z.boolean(),
  version: z.int().nullable(),
  fromHeight: z.int().nullable(),
  code: z.object({ kind: z.enum(CODE_KINDS), code: z.string(), under: z.array(z.string()) }).nullable(),
  role: roleSchema.nullable(),
  choice: z
    .object({
      implicitPolicies: z.array(z.enum(IMPLICIT_POLICIES)),
      breakGlass: z.array(z.enum(BREAK_GLASS_POLICIES)),
    })
    .nullable(),
  share: z.object({ of: z.enum(KINDS), share: z.enum(SHARES) }).nullable(),
  deployment: z.object({ after: z.int(), contracts: z.array(deployedSchema).readonly() }).nullable(),
})
export type Change = z.output<typeof changeSchema>

/** `governance.Tally` */
export const tallySchema = z.object({
  voters: z.int(),
  threshold: z.int(),
  approvals: z.int(),
  rejections: z.int(),
})
export type Tally = z.output<typeof tallySchema>

/** `governance.Proposal` */
export const proposalSchema = z.object({
  number: z.int(),
  change: changeSchema,
  proposer: id,
  at: z.int(),
  expiresAt: z.int(),
  status: z.enum(['open', 'passed', 'rejected', 'withdrawn', 'expired']),
  endedAt: z.int().nullable(),
  endedHeight: z.int().nullable(),
  tally: tallySchema.nullable(),
})
export type Proposal = z.output<typeof proposalSchema>

/** `governance.Vote` */
export const voteSchema = z.object({ institution: id, approves: z.boolean(), at: z.int() })

const institutionSchema = z.object({ name: z.string() })
const PAGE = 256

/** What a view answers, of the shape that the command needs. */
export async function ask<T>(client: Client, call: NamedCall, schema: z.ZodType<T>): Promise<T> {
  const { value } = await client.query(call)
  return readAnswer(value, { schema, method: `${call.contract}.${call.method}` })
}

/** Everybody with a name on the chain: founders, and who was admitted since. */
export async function membersOf(client: Client): Promise<Founders> {
  const members: { institution: IdentityId; name: string }[] = []
  for (;;) {
    const after = members.at(-1)?.institution ?? null
    const page = await ask(client, { contract: 'registry', method: 'institutions', args: { after } }, z.array(id))
    for (const institution of page) {
      const call = { contract: 'registry', method: 'institution', args: { institution } }
      members.push({ institution, name: (await ask(client, call, institutionSchema)).name })
    }
    if (page.length < PAGE) return members
  }
}
