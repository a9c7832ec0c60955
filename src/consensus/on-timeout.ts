// Timers (spec/consensus.md, section 10).

import { assertNever } from '../types/assert.ts'
import { quorum } from '../types/validator-set.ts'
import { acknowledge, replyToLeader } from './acknowledge.ts'
import { peersOf, presentSet } from './epochs.ts'
import type { Timeout } from './events.ts'
import { askEverybody, beginPreCampaign } from './pre-campaign.ts'
import { onReadTimer } from './read-index.ts'
import { broadcast } from './replicate.ts'
import { armSpread, becomeFollower } from './roles.ts'
import type { Leader, State } from './state.ts'
import { type Step, setTimer } from './step.ts'
import { catchUpWithSomebody } from './sync.ts'
import { certifiedHeight } from './tip.ts'
import { abortTransfer, maybeHandOver } from './transfer.ts'
import { askForVotes } from './vote-request.ts'

export function onTimeout(step: Step, { timer, isWorkWaiting = false }: Timeout): void {
  switch (timer) {
    case 'election':
      onElection(step)
      break
    case 'heartbeat':
      onHeartbeat(step)
      break
    case 'quorum':
      onQuorum(step)
      break
    case 'progress':
      onProgress(step, isWorkWaiting)
      break
    case 'vote':
      step.state.liveness.hasVotedLately = false
      break
    case 'askers':
      step.state.liveness.askers.clear()
      break
    case 'heeded':
      step.state.liveness.heeded.clear()
      break
    case 'transfer':
      abortTransfer(step, 'timeout')
      break
    case 'read':
      onReadTimer(step)
      break
    case 'ack': {
      const acks = acknowledge(step)
      if (acks.length > 0) replyToLeader(step, { acks })
      break
    }
    default:
      assertNever(timer)
  }
}

/**
 * A follower that heard its leader until a minimum election timeout ago is no longer sticky, and waits a random time for
 * others to notice, too. Then, and after a candidacy in vain, it asks for pre-votes.
 */
function onElection(step: Step): void {
  const { role, term, liveness } = step.state
  if (role.kind === 'leader') return
  if (role.kind === 'follower' && liveness.hearsLeader) {
    liveness.hearsLeader = false
    armSpread(step)
    return
  }
  if (role.kind === 'candidate') {
    liveness.failedCampaigns++
    becomeFollower(step, { term })
  }
  liveness.sitsOut = false
  // Asked in vain for a whole timeout: the others may be in an epoch in which nobody answers this one.
  if (liveness.preCampaign !== null) catchUpWithSomebody(step)
  beginPreCampaign(step, 'silence')
}

/**
 * Once an election timeout a follower asks itself what its leader is good for: who heard heartbeats all the time, and
 * saw nothing certified of the work that waits here, wants another one.
 */
function onProgress(step: Step, isWorkWaiting: boolean): void {
  const { state, settings } = step
  const { role, liveness } = state
  setTimer(step, { timer: 'progress', delayMs: settings.timing.electionTimeoutMaxMs })
  const before = liveness.lastLook
  liveness.lastLook = { certifiedHeight: certifiedHeight(state), isWorkWaiting }
  const standsStill = before.isWorkWaiting && isWorkWaiting && before.certifiedHeight === certifiedHeight(state)
  if (role.kind === 'follower' && liveness.hearsLeader && liveness.preCampaign === null && standsStill) {
    beginPreCampaign(step, 'standstill')
  }
}

/** The leader repeats itself to everybody, who asks for votes or pre-votes to those who have not answered. */
function onHeartbeat(step: Step): void {
  const { role, liveness } = step.state
  if (role.kind === 'follower' && liveness.preCampaign === null) return
  setTimer(step, { timer: 'heartbeat', delayMs: step.settings.timing.heartbeatMs })
  if (role.kind === 'leader') {
    for (const progress of role.progress.values()) progress.resent = false
    broadcast(step)
    maybeHandOver(step)
    return
  }
  askEverybody(step)
  if (role.kind !== 'candidate') return
  for (const peer of peersOf(step.state)) if (!role.votes.has(peer)) askForVotes(step, peer)
}

/**
 * Once an election timeout the leader asks itself whether it still leads. It steps down when it has heard from fewer
 * than q members, when its blocks wait and none was certified, or when too many refuse their time. In the latter two
 * cases it sits out one round.
 */
function onQuorum(step: Step): void {
  const { state, settings } = step
  const { role, term } = state
  if (role.kind !== 'leader') return
  const { electionTimeoutMaxMs } = settings.timing
  if (!hearsQuorum(step, role)) becomeFollower(step, { term })
  else if (isStalled(state, role) || isOutOfTime(step, role)) {
    state.liveness.sitsOut = true
    becomeFollower(step, { term, extraMs: electionTimeoutMaxMs })
  } else {
    for (const progress of role.progress.values()) progress.heard = false
    role.lastCount = { certifiedHash: state.certifiedHash, isWaiting: state.tipHash !== state.certifiedHash }
    setTimer(step, { timer: 'quorum', delayMs: electionTimeoutMaxMs })
  }
}

function hearsQuorum({ state }: Step, { progress }: Leader): boolean {
  const heard = [...progress.values()].filter((follower) => follower.heard).length
  return heard + 1 >= quorum(presentSet(state))
}

/** Blocks waited at the last count, and still no certificate came. */
function isStalled({ certifiedHash }: State, { lastCount }: Leader): boolean {
  return lastCount.isWaiting && lastCount.certifiedHash === certifiedHash
}

/** So many refuse a block for its time that it cannot be certified in this term; as an inherited one it can. */
function isOutOfTime({ state }: Step, { progress }: Leader): boolean {
  const set = presentSet(state)
  const refusing = [...progress.values()].filter((follower) => follower.timeRefused).length
  return refusing > set.members.length - quorum(set)
}
