// Follower, candidate, leader: the only changes of role and term (spec/consensus.md, section 6).

import { assert } from '../types/assert.ts'
import type { Hash, Seat, Term } from '../types/brand.ts'
import type { LeaderCert, Vote } from '../types/certificate.ts'
import { hashReleases, leaderCertHash, voteMessage } from '../types/signing.ts'
import { quorum } from '../types/validator-set.ts'
import { createLeaderCert } from './certificate.ts'
import { peersOf, presentSet } from './epochs.ts'
import { endPreCampaign, spreadMs } from './liveness.ts'
import type { SignedTransferNotice } from './messages.ts'
import { releasesFor } from './releases.ts'
import { broadcast, createProgress } from './replicate.ts'
import type { State } from './state.ts'
import { cancelTimer, emit, type Step, setTimer } from './step.ts'
import { chooseTip, coversLastAck, tipOf } from './tip.ts'
import { askForVotes } from './vote-request.ts'
import { witnessLeaderCert, witnessWord } from './witness.ts'

export function leaderOf(state: State): Seat | null {
  const { leaderCertHash: hash, leaderCerts } = state
  return hash === null ? null : (leaderCerts.get(hash)?.candidate ?? null)
}

/** The leader is there: sticky for the minimum election timeout, and only then does the random wait begin. */
export function hearLeader(step: Step): void {
  const { liveness } = step.state
  liveness.hearsLeader = true
  liveness.hasAsked = false
  liveness.failedCampaigns = 0
  liveness.sitsOut = false
  if (liveness.preCampaign?.cause === 'silence') endPreCampaign(step)
  setTimer(step, { timer: 'election', delayMs: step.settings.timing.electionTimeoutMinMs })
}

/** Waits a random time within the election timeout, plus `extraMs`. */
export function armElection(step: Step, extraMs = 0): void {
  armSpread(step, extraMs + step.settings.timing.electionTimeoutMinMs)
}

/** The random wait alone, behind `leastMs`: it keeps rivals apart. */
export function armSpread(step: Step, leastMs = 0): void {
  const { liveness } = step.state
  const spread = spreadMs(step.settings.timing, liveness.failedCampaigns)
  setTimer(step, { timer: 'election', delayMs: leastMs + (step.random % (spread + 1)) })
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
  const hasHandedOver = state.role.kind === 'leader' && state.role.transferTo !== null
  endPreCampaign(step)
  state.term = term
  state.leaderCertHash = leaderCert
  state.role = { kind: 'follower', leaderHead: null }
  emit(step, { kind: 'roleChanged', role: 'follower', term, leader: leaderOf(state) })
  if (before === 'follower') return
  state.liveness.hearsLeader = false
  cancelTimer(step, 'heartbeat')
  cancelTimer(step, 'quorum')
  armElection(step, extraMs)
  // The target may have to wait for votes that were granted a moment ago.
  if (hasHandedOver) setTimer(step, { timer: 'transfer', delayMs: step.settings.timing.electionTimeoutMaxMs })
  chooseTip(step)
}

/** Stands for election in the next term. Its tip covers its last ack (R3). */
export function becomeCandidate(
  step: Step,
  { transfer = null }: { transfer?: SignedTransferNotice | null } = {},
): void {
  const { state, settings } = step
  assert(coversLastAck(state, state.tipHash), 'a tip below the last ack is shown to nobody (R3)')
  state.liveness.preCampaign = null
  armElection(step)
  state.term = (state.term + 1) as Term
  state.leaderCertHash = null
  const releases = releasesFor(state, state.tipHash)
  const vote: Vote = {
    chainId: settings.chainId,
    epoch: state.epoch,
    term: state.term,
    candidate: settings.self,
    tip: tipOf(state, state.tipHash),
    releasesHash: hashReleases(releases),
  }
  const signature = settings.sign(voteMessage(vote))
  const votes = new Map([[settings.self, signature]])
  witnessWord(step, { kind: 'vote', member: settings.self, vote, signature })
  state.role = { kind: 'candidate', vote, votes, releases, transfer, split: false }
  state.signState = { ...state.signState, term: state.term, vote }
  emit(step, { kind: 'persistSignState', signState: state.signState })
  emit(step, { kind: 'roleChanged', role: 'candidate', term: state.term, leader: null })
  setTimer(step, { timer: 'heartbeat', delayMs: settings.timing.heartbeatMs })
  for (const peer of peersOf(state)) askForVotes(step, peer)
  maybeWin(step)
}

/** With q votes the candidate has its LeaderCert, and leads. */
export function maybeWin(step: Step): void {
  const { role } = step.state
  if (role.kind !== 'candidate' || role.votes.size < quorum(presentSet(step.state))) return
  becomeLeader(step, createLeaderCert(role.vote, role.votes, role.releases))
}

function becomeLeader(step: Step, certificate: LeaderCert): void {
  const { state, settings } = step
  const hash = leaderCertHash(certificate)
  state.leaderCerts.set(hash, certificate)
  state.storedLeaderCerts.add(hash)
  state.leaderCertHash = hash
  state.role = {
    kind: 'leader',
    opened: false,
    lastCount: { certifiedHash: state.certifiedHash, isWaiting: false },
    transferTo: null,
    progress: new Map(peersOf(state).map((peer) => [peer, createProgress(certificate.tip.height)])),
  }
  state.liveness.failedCampaigns = 0
  emit(step, { kind: 'persistLeaderCert', certificate })
  witnessLeaderCert(step, certificate)
  emit(step, { kind: 'roleChanged', role: 'leader', term: state.term, leader: settings.self })
  cancelTimer(step, 'election')
  setTimer(step, { timer: 'heartbeat', delayMs: settings.timing.heartbeatMs })
  setTimer(step, { timer: 'quorum', delayMs: settings.timing.electionTimeoutMaxMs })
  broadcast(step)
}
