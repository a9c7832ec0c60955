// Follower, candidate, leader: the only changes of role and term (spec/consensus.md, section 6).

import { assert } from '../types/assert.ts'
import type { Hash, Seat, Term } from '../types/brand.ts'
import type { LeaderCert, Vote } from '../types/certificate.ts'
import { leaderCertHash, voteMessage } from '../types/signing.ts'
import { quorum } from '../types/validator-set.ts'
import { createLeaderCert, hashReleases } from './certificate.ts'
import { broadcast, createProgress } from './replicate.ts'
import type { State } from './state.ts'
import { cancelTimer, emit, peersOf, type Step, setTimer } from './step.ts'
import { chooseTip, coversLastAck, tipOf } from './tip.ts'
import { askForVotes } from './vote-request.ts'

export function leaderOf(state: State): Seat | null {
  const { leaderCertHash: hash, leaderCerts } = state
  return hash === null ? null : (leaderCerts.get(hash)?.candidate ?? null)
}

/** Waits a random time within the election timeout, plus `extraMs`. */
export function armElection(step: Step, extraMs = 0): void {
  const { electionTimeoutMinMs: min, electionTimeoutMaxMs: max } = step.settings.timing
  setTimer(step, { timer: 'election', delayMs: extraMs + min + (step.random % (max - min + 1)) })
}

/** A short random wait: the leader is gone or the votes were split, only rivals have to be kept apart. */
export function armEarlyElection(step: Step): void {
  const { earlyCampaignMaxMs } = step.settings.timing
  setTimer(step, { timer: 'election', delayMs: 1 + (step.random % earlyCampaignMaxMs) })
}

/**
 * Follows in `term`, under the leader whose certificate has the given hash, if any. Who led or stood for election gets
 * an election timeout; a follower keeps the one it has, so that a candidate without a chance delays nobody.
 */
export function becomeFollower(
  step: Step,
  { term, leaderCert = null, extraMs = 0 }: { term: Term; leaderCert?: Hash | null; extraMs?: number },
): void {
  const { state } = step
  assert(term >= state.term, 'terms only rise')
  const before = state.role.kind
  state.term = term
  state.leaderCertHash = leaderCert
  state.role = { kind: 'follower', leaderHead: null }
  emit(step, { kind: 'roleChanged', role: 'follower', term, leader: leaderOf(state) })
  if (before === 'follower') return
  cancelTimer(step, 'heartbeat')
  cancelTimer(step, 'quorum')
  armElection(step, extraMs)
  chooseTip(step)
}

/** Stands for election in the next term, unless its tip may not be shown: then it waits for a leader or its own disk. */
export function becomeCandidate(step: Step): void {
  const { state, settings } = step
  armElection(step)
  if (!coversLastAck(state, state.tipHash)) return
  state.term = (state.term + 1) as Term
  state.leaderCertHash = null
  const vote: Vote = {
    chainId: settings.chainId,
    epoch: settings.set.epoch,
    term: state.term,
    candidate: settings.self,
    tip: tipOf(state, state.tipHash),
    releasesHash: hashReleases([]),
  }
  const votes = new Map([[settings.self, settings.sign(voteMessage(vote))]])
  state.role = { kind: 'candidate', vote, votes, split: false }
  state.signState = { ...state.signState, term: state.term, vote }
  emit(step, { kind: 'persistSignState', signState: state.signState })
  emit(step, { kind: 'roleChanged', role: 'candidate', term: state.term, leader: null })
  setTimer(step, { timer: 'heartbeat', delayMs: settings.timing.heartbeatMs })
  for (const peer of peersOf(settings)) askForVotes(step, peer)
  maybeWin(step)
}

/** With q votes the candidate has its LeaderCert, and leads. */
export function maybeWin(step: Step): void {
  const { role } = step.state
  if (role.kind !== 'candidate' || role.votes.size < quorum(step.settings.set)) return
  becomeLeader(step, createLeaderCert(role.vote, role.votes))
}

function becomeLeader(step: Step, certificate: LeaderCert): void {
  const { state, settings } = step
  const hash = leaderCertHash(certificate)
  state.leaderCerts.set(hash, certificate)
  state.leaderCertHash = hash
  state.role = {
    kind: 'leader',
    opened: false,
    lastCount: { certifiedHash: state.certifiedHash, isWaiting: false },
    progress: new Map(peersOf(settings).map((peer) => [peer, createProgress(certificate.tip.height)])),
  }
  emit(step, { kind: 'persistLeaderCert', certificate })
  emit(step, { kind: 'roleChanged', role: 'leader', term: state.term, leader: settings.self })
  cancelTimer(step, 'election')
  setTimer(step, { timer: 'heartbeat', delayMs: settings.timing.heartbeatMs })
  setTimer(step, { timer: 'quorum', delayMs: settings.timing.electionTimeoutMaxMs })
  broadcast(step)
}
