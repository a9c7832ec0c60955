// All attacks, by the name that aims, plants and traces use. What each needs stands in budgets.ts.

import type { AttackName } from './budgets.ts'
import { duplicateSigner } from './duplicate-signer.ts'
import { falseRoots } from './false-roots.ts'
import { farFuture } from './far-future.ts'
import { forgedLeader } from './forged-leader.ts'
import { forgottenVote } from './forgotten-vote.ts'
import { fork } from './fork.ts'
import { inheritedBlock } from './inherited-block.ts'
import { junkSignatures } from './junk-signatures.ts'
import { lateVote } from './late-vote.ts'
import { leadersWord } from './leaders-word.ts'
import { lettingGo } from './letting-go.ts'
import { oldBackup } from './old-backup.ts'
import { oldEpoch } from './old-epoch.ts'
import { powerCut } from './power-cut.ts'
import { replayed } from './replayed.ts'
import { replayedToNewcomer } from './replayed-to-newcomer.ts'
import { secondBranch } from './second-branch.ts'
import type { Attack } from './stage.ts'
import { supersededAck } from './superseded-ack.ts'
import { thinRelease } from './thin-release.ts'
import { truncatedBranch } from './truncated-branch.ts'
import { twoTongues } from './two-tongues.ts'

export const ATTACKS: Readonly<Record<AttackName, Attack>> = {
  duplicateSigner,
  fork,
  falseRoots,
  farFuture,
  forgedLeader,
  forgottenVote,
  inheritedBlock,
  junkSignatures,
  lateVote,
  leadersWord,
  lettingGo,
  oldBackup,
  oldEpoch,
  powerCut,
  replayed,
  replayedToNewcomer,
  secondBranch,
  supersededAck,
  thinRelease,
  truncatedBranch,
  twoTongues,
}
