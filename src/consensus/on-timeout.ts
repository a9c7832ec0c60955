// Timers (spec/consensus.md, section 10).

import { assertNever } from '../types/assert.ts'
import { quorum } from '../types/validator-set.ts'
import { acknowledge, replyToLeader } from './acknowledge.ts'
import type { Timeout } from './events.ts'
import { broadcast } from './replicate.ts'
import { becomeCandidate, becomeFollower } from './roles.ts'
import type { Leader, State } from './state.ts'
import { peersOf, type Step, setTimer } from './step.ts'
import { askForVotes } from './vote-request.ts'

export function onTimeout(step: Step, { timer }: Timeout): void {
  switch (timer) {
    case 'election':
      if (step.state.role.kind !== 'leader') becomeCandidate(step)
      break
    case 'heartbeat':
      onHeartbeat(step)
      break
    case 'quorum':
      onQuorum(step)
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

/** The leader repeats itself to everybody, a candidate to those who have not voted for it. */
function onHeartbeat(step: Step): void {
  const { role } = step.state
  if (role.kind === 'follower') return
  setTimer(step, { timer: 'heartbeat', delayMs: step.settings.timing.heartbeatMs })
  if (role.kind === 'leader') {
    for (const progress of role.progress.values()) progress.resent = false
    broadcast(step)
    return
  }
  for (const peer of peersOf(step.settings)) if (!role.votes.has(peer)) askForVotes(step, peer)
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
    becomeFollower(step, { term, extraMs: electionTimeoutMaxMs })
  } else {
    for (const progress of role.progress.values()) progress.heard = false
    role.lastCount = { certifiedHash: state.certifiedHash, isWaiting: state.tipHash !== state.certifiedHash }
    setTimer(step, { timer: 'quorum', delayMs: electionTimeoutMaxMs })
  }
}

function hearsQuorum({ settings }: Step, { progress }: Leader): boolean {
  const heard = [...progress.values()].filter((follower) => follower.heard).length
  return heard + 1 >= quorum(settings.set)
}

/** Blocks waited at the last count, and still no certificate came. */
function isStalled({ certifiedHash }: State, { lastCount }: Leader): boolean {
  return lastCount.isWaiting && lastCount.certifiedHash === certifiedHash
}

/** So many refuse a block for its time that it cannot be certified in this term; as an inherited one it can. */
function isOutOfTime({ settings: { set } }: Step, { progress }: Leader): boolean {
  const refusing = [...progress.values()].filter((follower) => follower.timeRefused).length
  return refusing > set.members.length - quorum(set)
}
