// Somebody asks whether it would be voted for (spec/consensus.md, section 6). Whatever the answer: no term, no sign-state.

import { isFarAhead } from './block-time.ts'
import { judgeCandidacy } from './judge-candidacy.ts'
import { countAsker, isSticky } from './liveness.ts'
import { isLockedByLie } from './lock.ts'
import type { From, PreVoteRequest } from './messages.ts'
import { beginPreCampaign, maybeGiveWay } from './pre-campaign.ts'
import { sendHeartbeat } from './replicate.ts'
import { mayVoteIn } from './sign-state.ts'
import { sendStaleTerm } from './stale-term.ts'
import { type Step, send } from './step.ts'
import { compareTips, tipOf } from './tip.ts'

/**
 * 1. a term that is over, or that this node has voted or acked in, is told so; 2. who has a leader keeps it, and a leader
 * shows that it is there; 3. what this node could not do now is not promised: one vote a minimum election timeout, no ack of
 * what comes from the future; 4. what is shown is judged like a vote request, and a stronger rival is given way to; 5. who is
 * locked on a branch that a Release can free it from encourages whoever asks: its promise goes into one; 6. who refuses
 * because its own tip is higher pre-campaigns at once.
 */
export function onPreVoteRequest(step: Step, { from, message }: From<PreVoteRequest>): void {
  const { state } = step
  const { liveness } = state

  // 1
  if (message.term < state.term || !mayVoteIn(state.signState, message.term)) {
    sendStaleTerm(step, from)
    return
  }

  // 2
  countAsker(step, from)
  if (isSticky(step)) {
    if (state.role.kind === 'leader') remind(step, from)
    return
  }

  // 3
  if (liveness.hasVotedLately || isFromTheFuture(step, message)) return

  // 4
  const verdict = judgeCandidacy(step, { from, message })
  switch (verdict) {
    case 'grant':
      maybeGiveWay(step, { from, message })
      send(step, { to: from, message: { kind: 'preVote', term: message.term } })
      break
    case 'bound':
    case 'refuse': {
      // 5
      if (verdict === 'bound' && isLockedByLie(state)) {
        send(step, { to: from, message: { kind: 'preVote', term: message.term } })
        break
      }
      // 6
      const isHigher = compareTips(tipOf(state, state.tipHash), message.tip) > 0
      const isFree = state.role.kind === 'follower' && liveness.preCampaign === null && !liveness.sitsOut
      if (isHigher && isFree) beginPreCampaign(step, 'silence')
      break
    }
    default:
      break
  }
}

/** What is opened on this tip would not even be taken in here. */
function isFromTheFuture(step: Step, { headers }: PreVoteRequest): boolean {
  const tip = headers.at(-1)
  return tip !== undefined && isFarAhead(step, tip.header)
}

/** Once a heartbeat: what was sent to it may have been lost. */
function remind(step: Step, from: From<PreVoteRequest>['from']): void {
  const { role } = step.state
  const progress = role.kind === 'leader' ? role.progress.get(from) : undefined
  if (progress === undefined || progress.resent) return
  progress.resent = true
  sendHeartbeat(step, from)
}
