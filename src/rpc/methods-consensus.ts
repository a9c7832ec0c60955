// consensus.*: what an operator asks of the validators' protocol. Behind the institution's token.

import * as z from 'zod'
import { createAuthorizer } from './authorize.ts'
import { defineMethod, type Method } from './method.ts'
import { base64Schema, hashSchema, identitySchema, integerSchema } from './schema.ts'
import type { ConsensusService, InstitutionService } from './services.ts'

const who = z.array(identitySchema).readonly()
const signatories = { signed: who, missing: who }
const count = integerSchema.nullable()

const validatorSchema = z.strictObject({
  seat: integerSchema,
  institution: identitySchema,
  isSelf: z.boolean(),
  isConnected: z.boolean(),
  heardMs: count.describe('Last sign of life, by the clock of this node.'),
  signs: z.boolean().nullable(),
  height: count.describe('Its certified head.'),
  matchHeight: count.describe("Known to the leader: last block of the leader's chain that it has stored."),
  blocksBehind: count,
  behindMs: count.describe('Age of the first block that it lacks.'),
  lastAck: z.strictObject({ height: integerSchema, atMs: count }).nullable(),
  certificates: z
    .strictObject({ signed: integerSchema, of: integerSchema })
    .describe('Of the latest ones that it could sign, at most 100.'),
  trouble: z.enum(['blockSync', 'clock']).nullable(),
})

const statusSchema = z.strictObject({
  institution: identitySchema,
  role: z.enum(['leader', 'candidate', 'follower', 'observer']),
  signing: z.enum(['none', 'unseated', 'greeting', 'signing', 'refused']),
  epoch: integerSchema,
  b: integerSchema,
  quorum: integerSchema,
  term: integerSchema,
  leader: z
    .strictObject({
      institution: identitySchema,
      term: integerSchema,
      sinceMs: count.describe('Time of the first block of its term.'),
      blocks: integerSchema.describe('Certified blocks of its term.'),
      transferTo: identitySchema.nullable(),
    })
    .nullable(),
  election: z.strictObject({ term: integerSchema, winner: identitySchema, ...signatories }).nullable(),
  candidacy: z.strictObject(signatories).nullable(),
  head: z.strictObject({ height: integerSchema, hash: hashSchema, timeMs: integerSchema }),
  certificate: z.strictObject({ height: integerSchema, term: integerSchema, ...signatories }).nullable(),
  waiting: z
    .array(
      z.strictObject({
        height: integerSchema,
        term: integerSchema,
        hash: hashSchema,
        timeMs: integerSchema,
        transactions: integerSchema,
        acks: z.strictObject(signatories).nullable(),
      }),
    )
    .readonly()
    .describe('Blocks without a certificate.'),
  pending: z
    .strictObject({
      epoch: integerSchema,
      b: integerSchema,
      quorum: integerSchema,
      decidedAt: integerSchema,
      validators: who,
    })
    .nullable(),
  own: z
    .strictObject({
      vote: z.strictObject({ term: integerSchema, candidate: identitySchema.nullable() }).nullable(),
      promise: z.strictObject({ term: integerSchema }).nullable(),
      lastAck: z
        .strictObject({
          term: integerSchema,
          height: integerSchema,
          hash: hashSchema,
          standing: z.enum(['binding', 'certified', 'superseded']),
        })
        .nullable(),
    })
    .nullable(),
  validators: z.array(validatorSchema).readonly(),
  alarms: z
    .array(
      z.strictObject({
        what: z.string(),
        seat: integerSchema,
        institution: identitySchema.nullable(),
        count: integerSchema,
        firstMs: integerSchema,
        lastMs: integerSchema,
      }),
    )
    .readonly()
    .describe('What looked wrong since start and convicts nobody, the latest first.'),
})

const someone = identitySchema.nullable()
const blockName = { term: integerSchema, height: integerSchema, hash: hashSchema }

const stuckBranchSchema = z.strictObject({
  branch: z.strictObject(blockName),
  twin: hashSchema.describe('The other block that its leader made in that place.'),
  leader: someone,
  guilty: z.array(someone).readonly().describe('Proven to have lied: their words do not count.'),
  term: count.describe('Of the election of the words.'),
  words: z
    .array(
      z.strictObject({
        institution: someone,
        kind: z.enum(['vote', 'promise']),
        tip: z.strictObject(blockName).nullable(),
        isApart: z.boolean().describe('Shows a last ack that is not on the branch.'),
      }),
    )
    .readonly(),
  silent: z.array(someone).readonly(),
  bindsSelf: z.boolean(),
  release: z.enum(['known', 'proposed', 'none']),
  proposal: base64Schema.nullable().describe('Canonical bytes of a governed Release that nobody has signed yet.'),
})

export function consensusMethods(
  consensus: ConsensusService,
  { token }: Pick<InstitutionService, 'token'>,
): readonly Method[] {
  const authorize = createAuthorizer(token)
  return [
    defineMethod({
      name: 'consensus.status',
      summary:
        'Who leads and since when, who lags, who voted for whom, and whose signature is missing, as this node knows it.',
      params: z.strictObject({}),
      result: statusSchema,
      errors: ['TOKEN_REQUIRED'],
      async run(_params, caller) {
        authorize(caller)
        return consensus.status()
      },
    }),
    defineMethod({
      name: 'consensus.transfer',
      summary:
        'Hands leadership from this node to the validator of another institution, before maintenance for example.',
      params: z.strictObject({ to: identitySchema }),
      result: z.strictObject({ leader: identitySchema.describe('Who leads now.') }),
      errors: ['TOKEN_REQUIRED', 'NOT_A_VALIDATOR', 'NOT_TRANSFERRED', 'NOT_READY'],
      async run({ to }, caller) {
        authorize(caller)
        return { leader: await consensus.transfer(to) }
      },
    }),
    defineMethod({
      name: 'consensus.standstill',
      summary:
        'Branches that an equivocating leader has left above the head, who is bound to what, and what may be decided.',
      params: z.strictObject({}),
      result: z.array(stuckBranchSchema).readonly(),
      errors: ['TOKEN_REQUIRED', 'NOT_A_VALIDATOR', 'NOT_READY'],
      async run(_params, caller) {
        authorize(caller)
        const branches = await consensus.standstill()
        return branches.map((branch) => ({ ...branch, proposal: branch.proposal?.toBase64() ?? null }))
      },
    }),
    defineMethod({
      name: 'consensus.release',
      summary: 'Gives this validator a Release that institutions have decided; it passes it on.',
      params: z.strictObject({ release: base64Schema }),
      result: z.strictObject({}),
      errors: ['TOKEN_REQUIRED', 'NOT_A_RELEASE', 'NOT_A_VALIDATOR', 'NOT_READY'],
      async run({ release }, caller) {
        authorize(caller)
        await consensus.decideRelease(Uint8Array.fromBase64(release))
        return {}
      },
    }),
  ]
}
