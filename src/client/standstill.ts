// Answer of consensus.standstill (spec/rpc.md), checked where it enters.

import * as z from 'zod'
import type { IdentityId } from '../types/brand.ts'

const someone = (z.string() as unknown as z.ZodType<IdentityId>).nullable()
const block = z.object({ term: z.int(), height: z.int(), hash: z.string() })

export const stuckBranchSchema = z.object({
  branch: block,
  twin: z.string(),
  leader: someone,
  guilty: z.array(someone),
  term: z.int().nullable(),
  words: z.array(
    z.object({ institution: someone, kind: z.enum(['vote', 'promise']), tip: block.nullable(), isApart: z.boolean() }),
  ),
  silent: z.array(someone),
  bindsSelf: z.boolean(),
  release: z.enum(['known', 'proposed', 'none']),
  proposal: z.base64().nullable(),
})

export type StuckBranch = z.output<typeof stuckBranchSchema>
