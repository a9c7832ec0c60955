// All attacks, by the name that aims, plants and traces use. What each needs stands in budgets.ts.

import type { AttackName } from './budgets.ts'
import { duplicateSigner } from './duplicate-signer.ts'
import { forgedLeader } from './forged-leader.ts'
import { forgottenVote } from './forgotten-vote.ts'
import { inheritedBlock } from './inherited-block.ts'
import { lateVote } from './late-vote.ts'
import { powerCut } from './power-cut.ts'
import { secondBranch } from './second-branch.ts'
import type { Attack } from './stage.ts'
import { twoTongues } from './two-tongues.ts'

export const ATTACKS: Readonly<Record<AttackName, Attack>> = {
  duplicateSigner,
  forgedLeader,
  forgottenVote,
  inheritedBlock,
  lateVote,
  powerCut,
  secondBranch,
  twoTongues,
}
