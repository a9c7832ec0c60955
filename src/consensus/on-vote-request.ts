// Voter: R3 and R4 (spec/consensus.md, section 6).

import type { Seat } from '../types/brand.ts'
import type { Vote, VotePromise } from '../types/certificate.ts'
import { hashReleases, promiseMessage, voteMessage } from '../types/signing.ts'
import { judgeCandidacy } from './judge-candidacy.ts'
import { isSticky } from './liveness.ts'
import type { From, VoteRequest } from './messages.ts'
import { releaseToAskFor } from './releases.ts'
import { armEarlyElection, armElection } from './roles.ts'
import { mayVoteIn } from './sign-state.ts'
import { sendStaleTerm } from './stale-term.ts'
import { emit, type Step, send, setTimer } from './step.ts'
import { joinTerm } from './term.ts'
import { isHandedOver } from './transfer.ts'
import { isSameVote } from './vote-rules.ts'
import { witnessWord } from './witness.ts'

/**
 * 1. an old term is told so; 2. a leader that is heard is kept, and one vote is granted a minimum election timeout: no
 * term is joined for the rest; 3. the term is joined; 4. one vote a term; 5. what is shown is judged: vote, or promise.
 */
export function onVoteRequest(step: Step, { from, message }: From<VoteRequest>): void {
  const { state } = step

  // 1
  if (message.term < state.term) {
    sendStaleTerm(step, from)
    return
  }

  // 2
  if (message.term > state.term) {
    if (isSticky(step) && !isHandedOver(step, { to: from, transfer: message.transfer })) return
    if (state.liveness.hasVotedLately) return
  }

  // 3
  if (!joinTerm(step, message.term)) return
  retryAfterSplit(step)

  // 4
  const vote = voteFor(step, { from, message })
  if (isSameVote(state.signState.vote, vote)) sendVote(step, vote)
  if (!mayVoteIn(state.signState, message.term)) return

  // 5
  switch (judgeCandidacy(step, { from, message })) {
    case 'grant':
      grant(step, vote)
      break
    case 'bound':
    case 'refuse':
      promise(step, from)
      break
    default:
      break
  }
}

function grant(step: Step, vote: Vote): void {
  const { state } = step
  state.signState = { ...state.signState, term: vote.term, vote }
  emit(step, { kind: 'persistSignState', signState: state.signState })
  sendVote(step, vote)
  armElection(step)
  state.liveness.hasVotedLately = true
  setTimer(step, { timer: 'vote', delayMs: step.settings.timing.electionTimeoutMinMs })
}

function sendVote(step: Step, vote: Vote): void {
  const signature = step.settings.sign(voteMessage(vote))
  send(step, { to: vote.candidate, message: { kind: 'vote', vote, signature } })
}

/** No vote, but the word not to ack below this term, and the last ack: one text a term, however often it is asked for. */
function promise(step: Step, to: Seat): void {
  const { state, settings } = step
  if (state.signState.promise?.term !== state.term) {
    const made: VotePromise = {
      chainId: settings.chainId,
      epoch: state.epoch,
      term: state.term,
      lastAck: state.signState.lastAck,
    }
    state.signState = { ...state.signState, term: state.term, promise: made }
    emit(step, { kind: 'persistSignState', signState: state.signState })
  }
  const { promise } = state.signState
  if (promise === null) return
  const signature = settings.sign(promiseMessage(promise))
  witnessWord(step, { kind: 'promise', member: settings.self, promise, signature })
  send(step, { to, message: { kind: 'promise', promise, signature, release: releaseToAskFor(state) } })
}

/** A rival in one's own term: both may fail, so the next attempt does not wait for the whole timeout. */
function retryAfterSplit(step: Step): void {
  const { role } = step.state
  if (role.kind !== 'candidate' || role.split) return
  role.split = true
  armEarlyElection(step)
}

function voteFor({ state }: Step, { from, message }: From<VoteRequest>): Vote {
  const { epoch, settings } = state
  const { term, tip, releases } = message
  return { chainId: settings.chainId, epoch, term, candidate: from, tip, releasesHash: hashReleases(releases) }
}
