// Voter: R3 and R4 (spec/consensus.md, section 6).

import type { Seat } from '../types/brand.ts'
import type { Vote, VotePromise } from '../types/certificate.ts'
import { promiseMessage, voteMessage } from '../types/signing.ts'
import { hashReleases } from './certificate.ts'
import { learnCommitCert } from './commit.ts'
import type { From, VoteRequest } from './messages.ts'
import { armEarlyElection, armElection } from './roles.ts'
import { mayVoteIn } from './sign-state.ts'
import { sendStaleTerm } from './stale-term.ts'
import { accuse, emit, type Step, send } from './step.ts'
import { joinTerm } from './term.ts'
import { bindingAck, certifiedHeight } from './tip.ts'
import { isSameVote, judgeShownChain, readShownChain } from './vote-rules.ts'

/**
 * 1. terms: an old one is told so, a newer one is joined; 2. one vote a term; 3. what is shown must be sound; 4. a voter
 * that is behind catches up first; 5. the vote rule: vote, or promise.
 */
export function onVoteRequest(step: Step, { from, message }: From<VoteRequest>): void {
  const { state, settings } = step

  // 1
  if (message.term < state.term) {
    sendStaleTerm(step, from)
    return
  }
  if (!joinTerm(step, message.term)) return
  retryAfterSplit(step)

  // 2
  const vote = voteFor(step, { from, message })
  if (isSameVote(state.signState.vote, vote)) sendVote(step, vote)
  // Releases are not known to this version, and nobody votes for what he cannot check.
  if (!mayVoteIn(state.signState, message.term) || message.releases.length > 0) return

  // 3
  const chain = readShownChain(message, settings)
  if (chain === null) {
    accuse(step, { member: from, what: 'badChain' })
    return
  }

  // 4
  if (message.commitCert !== null) learnCommitCert(step, { from, certificate: message.commitCert })
  if (state.halted || chain.certified.height > certifiedHeight(state)) return

  // 5
  switch (judgeShownChain(state, chain)) {
    case 'grant':
      grant(step, vote)
      break
    case 'refuse':
      promise(step, from)
      break
    case 'invalid':
      accuse(step, { member: from, what: 'badChain' })
      break
  }
}

function grant(step: Step, vote: Vote): void {
  const { state } = step
  state.signState = { ...state.signState, term: vote.term, vote }
  emit(step, { kind: 'persistSignState', signState: state.signState })
  sendVote(step, vote)
  armElection(step)
}

function sendVote(step: Step, vote: Vote): void {
  const signature = step.settings.sign(voteMessage(vote))
  send(step, { to: vote.candidate, message: { kind: 'vote', vote, signature } })
}

/** No vote, but the word not to ack below this term: one text a term, however often it is asked for. */
function promise(step: Step, to: Seat): void {
  const { state, settings } = step
  if (state.signState.promise?.term !== state.term) {
    const made: VotePromise = {
      chainId: settings.chainId,
      epoch: settings.set.epoch,
      term: state.term,
      lastAck: bindingAck(state),
    }
    state.signState = { ...state.signState, term: state.term, promise: made }
    emit(step, { kind: 'persistSignState', signState: state.signState })
  }
  const { promise } = state.signState
  if (promise === null) return
  send(step, { to, message: { kind: 'promise', promise, signature: settings.sign(promiseMessage(promise)) } })
}

/** A rival in one's own term: both may fail, so the next attempt does not wait for the whole timeout. */
function retryAfterSplit(step: Step): void {
  const { role } = step.state
  if (role.kind !== 'candidate' || role.split) return
  role.split = true
  armEarlyElection(step)
}

function voteFor({ settings }: Step, { from, message }: From<VoteRequest>): Vote {
  const { chainId, set } = settings
  const { term, tip, releases } = message
  return { chainId, epoch: set.epoch, term, candidate: from, tip, releasesHash: hashReleases(releases) }
}
