// What a core knows, in words that an operator can use: for tables and metrics, never for decisions. Reads the state,
// changes nothing, and hands out nothing that changes later.

import type { Epoch, Hash, Height, Seat, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert, Tip } from '../types/certificate.ts'
import type { NextSet, ValidatorSet } from '../types/validator-set.ts'
import { type Entry, pathFrom } from './block-tree.ts'
import type { Role } from './effects.ts'
import { presentSet, setOf } from './epochs.ts'
import { leaderOf } from './roles.ts'
import type { SignState } from './sign-state.ts'
import type { Progress, State } from './state.ts'
import { tipOf } from './tip.ts'

/** Who of a set has signed, and who has not. */
export interface Signers {
  readonly signed: readonly Seat[]
  readonly missing: readonly Seat[]
}

export interface Election extends Signers {
  readonly term: Term
  readonly epoch: Epoch
  readonly winner: Seat
  /** The block that its voters had it begin on. */
  readonly tip: Tip
}

export interface CertificateSigners extends Signers {
  readonly term: Term
  readonly height: Height
}

/** A block above the certified head. */
export interface WaitingBlock {
  readonly height: Height
  readonly term: Term
  readonly hash: Hash
  readonly timeMs: number
  readonly transactions: number
  /** Null where this node does not lead: acks go to the leader alone. Inherited blocks get none, a descendant's count. */
  readonly acks: Signers | null
}

export interface FollowerProgress
  extends Pick<Progress, 'matchHeight' | 'sentHeight' | 'certifiedHeight' | 'connected' | 'behind' | 'timeRefused'> {
  readonly seat: Seat
  /** It has answered in this term. */
  readonly hasAnswered: boolean
}

export interface StateDescription {
  readonly self: Seat
  readonly role: Role
  readonly term: Term
  readonly leader: Seat | null
  readonly set: ValidatorSet
  /** Decided by a block that is not certified yet. */
  readonly pendingSet: NextSet | null
  readonly certified: Tip
  readonly tip: Tip
  /** Of the present term; null while nobody is known to have won it. */
  readonly election: Election | null
  /** Who has voted for this candidate so far; null unless it is one. */
  readonly candidacy: Signers | null
  readonly commitCert: CertificateSigners | null
  /** Of the chain that this node would build on, oldest first. */
  readonly waiting: readonly WaitingBlock[]
  /** Null unless this node leads. Ascending by seat. */
  readonly followers: readonly FollowerProgress[] | null
  readonly transferTo: Seat | null
  /** What this validator has bound itself to. */
  readonly signState: SignState
  readonly ackStanding: State['ackStanding']
  /** Signs nothing any more. */
  readonly halted: boolean
}

export function describeState(state: State): StateDescription {
  const { role, settings, commitCert, leaderCerts, leaderCertHash } = state
  const set = presentSet(state)
  const waiting = pathFrom(state.tree, { base: state.certifiedHash, hash: state.tipHash })
  const leaderCert = leaderCertHash === null ? undefined : leaderCerts.get(leaderCertHash)
  return {
    self: settings.self,
    role: role.kind,
    term: state.term,
    leader: leaderOf(state),
    set,
    pendingSet: waiting.find(({ nextSet }) => nextSet !== null && nextSet.epoch > state.epoch)?.nextSet ?? null,
    certified: tipOf(state, state.certifiedHash),
    tip: tipOf(state, state.tipHash),
    election: leaderCert === undefined ? null : describeElection(leaderCert, setOf(state, leaderCert.epoch)),
    candidacy: role.kind === 'candidate' ? signersOf([...role.votes.keys()], set) : null,
    commitCert: commitCert && describeCommitCert(commitCert, setOf(state, commitCert.epoch)),
    waiting: waiting.map((entry) => describeBlock(state, entry)),
    followers: role.kind === 'leader' ? [...role.progress].map(describeFollower) : null,
    transferTo: role.kind === 'leader' ? role.transferTo : null,
    signState: state.signState,
    ackStanding: state.ackStanding,
    halted: state.halted,
  }
}

/** The votes in a LeaderCert; `set` is that of its epoch. */
export function describeElection(certificate: LeaderCert, set: ValidatorSet | undefined): Election {
  const { term, epoch, candidate, tip, signatures } = certificate
  return { term, epoch, winner: candidate, tip, ...signersOf(seatsOf(signatures), set) }
}

export function describeCommitCert(certificate: CommitCert, set: ValidatorSet | undefined): CertificateSigners {
  const { term, height, signatures } = certificate
  return { term, height, ...signersOf(seatsOf(signatures), set) }
}

const seatsOf = (signatures: readonly { readonly member: Seat }[]): Seat[] => signatures.map(({ member }) => member)

function signersOf(seats: readonly Seat[], set: ValidatorSet | undefined): Signers {
  const signed = seats.toSorted((left, right) => left - right)
  const missing = (set?.members ?? []).map(({ seat }) => seat).filter((seat) => !signed.includes(seat))
  return { signed, missing }
}

function describeBlock(state: State, { block, acks }: Entry): WaitingBlock {
  const { height, term, timeMs, epoch } = block.header
  return {
    height,
    term,
    hash: block.hash,
    timeMs,
    transactions: block.transactions.length,
    acks: state.role.kind === 'leader' ? signersOf([...acks.keys()], setOf(state, epoch)) : null,
  }
}

function describeFollower([seat, progress]: [Seat, Progress]): FollowerProgress {
  const { matchHeight, sentHeight, certifiedHeight, connected, behind, timeRefused, confirmed } = progress
  return {
    seat,
    matchHeight,
    sentHeight,
    certifiedHeight,
    connected,
    behind,
    timeRefused,
    hasAnswered: confirmed,
  }
}
