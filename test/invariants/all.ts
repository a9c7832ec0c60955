// The invariants of a run, in the order in which they are asked.

import { accountableForks } from './accountable-forks.ts'
import { ackTime } from './ack-time.ts'
import { acknowledgedSurvive } from './acknowledged-survive.ts'
import { blockTime } from './block-time.ts'
import { certifiedImmutable } from './certified-immutable.ts'
import { certifiedKept } from './certified-kept.ts'
import { electionSafety } from './election-safety.ts'
import { epochOrder } from './epoch-order.ts'
import { honestStatements } from './honest-statements.ts'
import type { CreateInvariant } from './invariant.ts'
import { keptBranches } from './kept-branches.ts'
import { logMatching } from './log-matching.ts'
import { noFraming } from './no-framing.ts'
import { signStateOrder } from './sign-state-order.ts'
import { soundProposals } from './sound-proposals.ts'
import { trueRoots } from './true-roots.ts'

/** Hold as long as there are not more liars than the group bears. */
const OF_THE_GROUP: readonly CreateInvariant[] = [
  certifiedImmutable,
  acknowledgedSurvive,
  electionSafety,
  epochOrder,
  soundProposals,
]

/** Hold whatever liars do. */
const OF_EACH_MEMBER: readonly CreateInvariant[] = [
  logMatching,
  honestStatements,
  signStateOrder,
  blockTime,
  ackTime,
  keptBranches,
  certifiedKept,
  trueRoots,
  noFraming,
  accountableForks,
]

/** `isBeyond`: there are more liars than the group bears. */
export const invariantsFor = ({ isBeyond }: { isBeyond: boolean }): readonly CreateInvariant[] =>
  isBeyond ? OF_EACH_MEMBER : [...OF_THE_GROUP, ...OF_EACH_MEMBER]
