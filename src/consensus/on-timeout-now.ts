// The leader hands over to this node (spec/consensus.md, section 6).

import type { From, TimeoutNow } from './messages.ts'
import { becomeCandidate, leaderOf } from './roles.ts'
import { accuse, type Step } from './step.ts'
import { coversLastAck } from './tip.ts'
import { isHandedOver } from './transfer.ts'

/** No pre-vote: the leader itself has decided. A notice of an earlier term came too late. */
export function onTimeoutNow(step: Step, { from, message: { transfer } }: From<TimeoutNow>): void {
  const { state, settings } = step
  if (state.role.kind !== 'follower' || transfer.notice.term !== state.term || leaderOf(state) !== from) return
  if (!isHandedOver(step, { to: settings.self, transfer })) {
    accuse(step, { member: from, what: 'badSignature' })
    return
  }
  if (coversLastAck(state, state.tipHash)) becomeCandidate(step, { transfer })
}
