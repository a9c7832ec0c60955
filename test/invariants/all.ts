// The invariants of a run, in the order in which they are asked.

import { ackTime } from './ack-time.ts'
import { acknowledgedSurvive } from './acknowledged-survive.ts'
import { blockTime } from './block-time.ts'
import { certifiedImmutable } from './certified-immutable.ts'
import { electionSafety } from './election-safety.ts'
import { honestStatements } from './honest-statements.ts'
import type { CreateInvariant } from './invariant.ts'
import { keptBranches } from './kept-branches.ts'
import { logMatching } from './log-matching.ts'
import { noFraming } from './no-framing.ts'
import { signStateOrder } from './sign-state-order.ts'
import { trueRoots } from './true-roots.ts'

export const INVARIANTS: readonly CreateInvariant[] = [
  certifiedImmutable,
  acknowledgedSurvive,
  electionSafety,
  logMatching,
  honestStatements,
  signStateOrder,
  blockTime,
  ackTime,
  keptBranches,
  trueRoots,
  noFraming,
]
