// All scripts of liars, by the name that plans, reports and traces use.

import { doubleVoter } from './double-voter.ts'
import { equivocatingLeader } from './equivocating-leader.ts'
import { forgedRun } from './forged-run.ts'
import type { CreateLiar } from './liar.ts'

export const LIARS = {
  equivocatingLeader,
  doubleVoter,
  forgedRun,
} as const satisfies Record<string, CreateLiar>

export type LiarName = keyof typeof LIARS
