// PreVote (Ongaro's dissertation, 9.6): before a node raises its term, a quorum has to say that it would vote for it. So
// whoever was cut off, paused or slow comes back without disturbing anybody. spec/consensus.md, section 6.

import type { Seat, Term } from '../types/brand.ts'
import { quorum } from '../types/validator-set.ts'
import { peersOf, presentSet } from './epochs.ts'
import { endPreCampaign, type PreCampaign } from './liveness.ts'
import { armElection, becomeCandidate } from './roles.ts'
import { type Step, send, setTimer } from './step.ts'
import { coversLastAck } from './tip.ts'
import { candidacyOf } from './vote-request.ts'

/** Asks everybody, unless its tip may not be shown: then it waits for a leader or its own disk. */
export function beginPreCampaign(step: Step, cause: PreCampaign['cause']): void {
  const { state, settings } = step
  endPreCampaign(step)
  if (cause === 'silence') armElection(step)
  if (!coversLastAck(state, state.tipHash)) return
  const term = (state.term + 1) as Term
  state.liveness.preCampaign = { term, cause, grants: new Set([settings.self]) }
  if (maybeCampaign(step)) return
  setTimer(step, { timer: 'heartbeat', delayMs: settings.timing.heartbeatMs })
  askEverybody(step)
}

/** Those who have not granted yet: requests get lost, and voters lose their leader a moment later. */
export function askEverybody(step: Step): void {
  const { preCampaign } = step.state.liveness
  if (preCampaign === null) return
  for (const peer of peersOf(step.state)) if (!preCampaign.grants.has(peer)) askForPreVote(step, peer)
}

export function askForPreVote(step: Step, to: Seat): void {
  const { state } = step
  const { preCampaign } = state.liveness
  if (preCampaign === null) return
  send(step, { to, message: { kind: 'preVoteRequest', ...candidacyOf(state, preCampaign.term, state.tipHash) } })
}

/** With the word of q members, the candidacy proper. */
export function maybeCampaign(step: Step): boolean {
  const { state } = step
  const { preCampaign } = state.liveness
  if (preCampaign === null || preCampaign.grants.size < quorum(presentSet(state))) return false
  if (!coversLastAck(state, state.tipHash)) {
    // Since it asked, another block was certified in the place of its last ack.
    state.liveness.preCampaign = null
    return false
  }
  becomeCandidate(step)
  return true
}
