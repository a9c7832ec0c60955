// Leadership transfer (Ongaro's dissertation, 3.10; spec/consensus.md, section 6).

import { transferNoticeMessage } from '../types/signing.ts'
import { memberAt } from '../types/validator-set.ts'
import { presentSet } from './epochs.ts'
import type { From, VoteRequest } from './messages.ts'
import { leaderOf } from './roles.ts'
import type { Step } from './step.ts'

/** Does the leader of the present term itself ask to vote for this candidate? */
export function isHandedOver({ state, settings }: Step, { from, message: { transfer } }: From<VoteRequest>): boolean {
  const leader = leaderOf(state)
  if (transfer === null || leader === null) return false
  const { notice, signature } = transfer
  const set = presentSet(state)
  const key = memberAt(set, leader)?.consensusKey
  return (
    notice.chainId === settings.chainId &&
    notice.term === state.term &&
    notice.target === from &&
    key !== undefined &&
    settings.verify(key, transferNoticeMessage(notice), signature)
  )
}
