// What a node remembers in order to stand for election when it should, and to leave a good leader alone when it need not:
// PreVote, stickiness, back-off (spec/consensus.md, section 6). Nothing of it is on disk, and nothing of it decides what
// is safe: a node that forgets all this votes and acks by the same rules.

import type { Seat, Term } from '../types/brand.ts'
import { quorum } from '../types/validator-set.ts'
import { presentSet } from './epochs.ts'
import type { State } from './state.ts'
import { cancelTimer, type Step, setTimer } from './step.ts'

export interface Liveness {
  /** The leader of the present term was heard within the minimum election timeout. */
  hearsLeader: boolean
  /** Under way: asks for pre-votes. Role and term stay what they are. */
  preCampaign: PreCampaign | null
  /** Asked for pre-votes since a leader was heard. */
  hasAsked: boolean
  /** Asked for a pre-vote while the askers timer runs. */
  readonly askers: Set<Seat>
  /** How much of each member's mere word about higher terms was taken while the heeded timer runs. */
  readonly heeded: Map<Seat, number>
  /** A vote was granted within the minimum election timeout. */
  hasVotedLately: boolean
  /** Stepped down over blocks that nobody certifies: leaves the next round to others. */
  sitsOut: boolean
  /** Candidacies in vain since a leader was heard: each widens the random wait. */
  failedCampaigns: number
  /** When progress was last looked at: the certified height, and whether executable transactions waited. */
  lastLook: { readonly certifiedHeight: number; readonly isWorkWaiting: boolean }
}

export interface PreCampaign {
  /** Of the candidacy that may follow. */
  readonly term: Term
  readonly grants: Set<Seat>
  /**
   * silence: no leader was heard; hearing it ends the matter. standstill: a leader is heard, and certifies nothing of
   * the work that waits; only a new certificate ends it.
   */
  readonly cause: 'silence' | 'standstill'
  /** Gives way to a rival. Only the first time: a rival that cannot win must not keep others from it. */
  readonly yields: boolean
}

export function createLiveness(): Liveness {
  return {
    hearsLeader: false,
    preCampaign: null,
    hasAsked: false,
    askers: new Set(),
    heeded: new Map(),
    hasVotedLately: false,
    sitsOut: false,
    failedCampaigns: 0,
    lastLook: { certifiedHeight: 0, isWorkWaiting: false },
  }
}

/**
 * Stickiness: who leads, or hears a live leader, helps nobody to depose it. It ends when the leader falls silent or its
 * connection closes, when this node itself wants another one, and when more than n-q members have asked for a
 * pre-vote within one election timeout: so many cannot be spared.
 */
export function isSticky({ state }: Step): boolean {
  const { hearsLeader, preCampaign, askers } = state.liveness
  if (askers.size > sparable(state)) return false
  if (state.role.kind === 'leader') return true
  return hearsLeader && preCampaign === null && state.leaderCertHash !== null
}

/** Each asker counts for the window that the first one opened; whoever makes them too many opens it anew. */
export function countAsker(step: Step, asker: Seat): void {
  const { state } = step
  const { askers } = state.liveness
  if (askers.has(asker)) return
  askers.add(asker)
  if (askers.size === 1 || askers.size === sparable(state) + 1) {
    setTimer(step, { timer: 'askers', delayMs: step.settings.timing.electionTimeoutMaxMs })
  }
}

/**
 * A higher term on somebody's mere word: an honest member needs to be believed now and then, for it may be where nobody else
 * is; one that lies could end every leadership and every candidacy. A word to a leader weighs as much as several.
 */
export function mayHeed({ liveness, role }: State, member: Seat): boolean {
  return (liveness.heeded.get(member) ?? 0) + weightOf(role) <= HEEDED_MAX
}

/** It was believed, by who led or asked. */
export function noteHeeded(step: Step, { member, role }: { member: Seat; role: State['role'] }): void {
  const { heeded } = step.state.liveness
  if (heeded.size === 0)
    setTimer(step, { timer: 'heeded', delayMs: HEEDED_TIMEOUTS * step.settings.timing.electionTimeoutMaxMs })
  heeded.set(member, (heeded.get(member) ?? 0) + weightOf(role))
}

const weightOf = ({ kind }: State['role']): number => (kind === 'leader' ? LEADERSHIP_WEIGHT : 1)

/** Within that many election timeouts: two leaderships, or eight candidacies. */
const HEEDED_TIMEOUTS = 30
const HEEDED_MAX = 8
const LEADERSHIP_WEIGHT = 4

/** n-q: a quorum is there without so many. */
function sparable(state: State): number {
  const set = presentSet(state)
  return set.members.length - quorum(set)
}

export function endPreCampaign(step: Step): void {
  const { liveness } = step.state
  if (liveness.preCampaign === null) return
  liveness.preCampaign = null
  cancelTimer(step, 'heartbeat')
}

/** Random part of an election timeout, in ms: doubled by every failed candidacy, up to BACK_OFF_DOUBLINGS_MAX times. */
export function spreadMs(
  { electionTimeoutMaxMs, electionTimeoutMinMs }: State['settings']['timing'],
  failed: number,
): number {
  return (electionTimeoutMaxMs - electionTimeoutMinMs) * 2 ** Math.min(failed, BACK_OFF_DOUBLINGS_MAX)
}

/** Rivals have room to miss each other, and who comes back finds a candidate within a few election timeouts. */
const BACK_OFF_DOUBLINGS_MAX = 2
