// PreVote (Ongaro's dissertation, 9.6): before a node raises its term, a quorum has to say that it would vote for it. So
// whoever was cut off, paused or slow comes back without disturbing anybody. spec/consensus.md, section 6.

import type { Seat, Term } from '../types/brand.ts'
import { quorum } from '../types/validator-set.ts'
import { peersOf, presentSet } from './epochs.ts'
import { endPreCampaign, type PreCampaign } from './liveness.ts'
import type { From, PreVoteRequest } from './messages.ts'
import { releasesFor } from './releases.ts'
import { armElection, becomeCandidate } from './roles.ts'
import { type Step, send, setTimer } from './step.ts'
import { compareTips, coversLastAck, tipOf } from './tip.ts'
import { candidacyOf } from './vote-request.ts'

/** Asks everybody, unless its tip may not be shown: then it waits for a leader or its own disk. */
export function beginPreCampaign(step: Step, cause: PreCampaign['cause']): void {
  const { state, settings } = step
  endPreCampaign(step)
  if (cause === 'silence') armElection(step)
  if (!coversLastAck(state, state.tipHash)) return
  const term = (state.term + 1) as Term
  state.liveness.preCampaign = { term, cause, yields: !state.liveness.hasAsked, grants: new Set([settings.self]) }
  state.liveness.hasAsked = true
  if (maybeCampaign(step)) return
  setTimer(step, { timer: 'heartbeat', delayMs: settings.timing.heartbeatMs })
  askEverybody(step)
}

/** Those who have not granted yet: requests get lost, and voters lose their leader a moment later. */
export function askEverybody(step: Step): void {
  const { preCampaign } = step.state.liveness
  if (preCampaign === null) return
  askForPreVotes(
    step,
    peersOf(step.state).filter((peer) => !preCampaign.grants.has(peer)),
  )
}

/** Releases are looked for once, not for each of them. */
export function askForPreVotes(step: Step, peers: readonly Seat[]): void {
  const { state } = step
  const { preCampaign } = state.liveness
  if (preCampaign === null || peers.length === 0) return
  const { term } = preCampaign
  const shown = candidacyOf(state, { term, tipHash: state.tipHash, releases: releasesFor(state, state.tipHash) })
  for (const to of peers) send(step, { to, message: { kind: 'preVoteRequest', ...shown } })
}

/**
 * Of two that ask at the same time the one with the lower tip, or the higher seat, gives way: else both may become
 * candidates, and split the votes. Its election timer runs on.
 */
export function maybeGiveWay(step: Step, { from, message }: From<PreVoteRequest>): void {
  const { state, settings } = step
  const { preCampaign } = state.liveness
  if (preCampaign === null || !preCampaign.yields || message.term < preCampaign.term) return
  const order = compareTips(message.tip, tipOf(state, state.tipHash))
  if (order > 0 || (order === 0 && from < settings.self)) endPreCampaign(step)
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
