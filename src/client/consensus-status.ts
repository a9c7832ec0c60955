// Answer of consensus.status (spec/rpc.md), checked where it enters.

import * as z from 'zod'
import type { IdentityId } from '../types/brand.ts'

const id = z.string() as unknown as z.ZodType<IdentityId>
const count = z.int().nullable()
const signatories = { signed: z.array(id), missing: z.array(id) }

const validatorSchema = z.object({
  seat: z.int(),
  institution: id,
  isSelf: z.boolean(),
  isConnected: z.boolean(),
  heardMs: count,
  signs: z.boolean().nullable(),
  height: count,
  matchHeight: count,
  blocksBehind: count,
  behindMs: count,
  lastAck: z.object({ height: z.int(), atMs: count }).nullable(),
  certificates: z.object({ signed: z.int(), of: z.int() }),
  trouble: z.enum(['blockSync', 'clock']).nullable(),
})

export const consensusStatusSchema = z.object({
  institution: id,
  role: z.enum(['leader', 'candidate', 'follower', 'observer']),
  signing: z.enum(['none', 'unseated', 'greeting', 'signing', 'refused']),
  epoch: z.int(),
  b: z.int(),
  quorum: z.int(),
  term: z.int(),
  leader: z
    .object({ institution: id, term: z.int(), sinceMs: count, blocks: z.int(), transferTo: id.nullable() })
    .nullable(),
  election: z.object({ term: z.int(), winner: id, ...signatories }).nullable(),
  candidacy: z.object(signatories).nullable(),
  head: z.object({ height: z.int(), hash: z.string(), timeMs: z.int() }),
  certificate: z.object({ height: z.int(), term: z.int(), ...signatories }).nullable(),
  waiting: z.array(
    z.object({
      height: z.int(),
      term: z.int(),
      hash: z.string(),
      timeMs: z.int(),
      transactions: z.int(),
      acks: z.object(signatories).nullable(),
    }),
  ),
  pending: z
    .object({ epoch: z.int(), b: z.int(), quorum: z.int(), decidedAt: z.int(), validators: z.array(id) })
    .nullable(),
  own: z
    .object({
      vote: z.object({ term: z.int(), candidate: id.nullable() }).nullable(),
      promise: z.object({ term: z.int() }).nullable(),
      lastAck: z
        .object({
          term: z.int(),
          height: z.int(),
          hash: z.string(),
          standing: z.enum(['binding', 'certified', 'superseded']),
        })
        .nullable(),
    })
    .nullable(),
  validators: z.array(validatorSchema),
  alarms: z.array(
    z.object({
      what: z.string(),
      seat: z.int(),
      institution: id.nullable(),
      count: z.int(),
      firstMs: z.int(),
      lastMs: z.int(),
    }),
  ),
})

export type ConsensusStatus = z.output<typeof consensusStatusSchema>
export type ValidatorStatus = z.output<typeof validatorSchema>
