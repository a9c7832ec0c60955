// Everything that the core knows, on one screen. Only step() changes it. spec/consensus.md, section 3.

import type { Epoch, Hash, Seat, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert, Tip, Vote } from '../types/certificate.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import type { BlockTree } from './block-tree.ts'
import type { Liveness } from './liveness.ts'
import type { SignedTransferNotice } from './messages.ts'
import type { Releases } from './releases.ts'
import type { Settings } from './settings.ts'
import type { SignState } from './sign-state.ts'
import type { Witness } from './witness.ts'

export interface State {
  readonly settings: Settings
  readonly tree: BlockTree
  /** Present epoch: that of the block after the certified head. */
  epoch: Epoch
  /** Its set, and those of the epochs that this core has seen begin; the earlier ones are in the settings. */
  readonly epochs: Map<Epoch, ValidatorSet>
  /** Highest certified block; always in the tree. It moves up, never sideways (R5). */
  certifiedHash: Hash
  /** On the certified block; null while that is genesis. */
  commitCert: CommitCert | null
  /** Verified, but its block or an ancestor still has to be executed here. */
  pendingCommit: CommitCert | null
  /** Where this node would build; valid and persisted, with its ancestors. */
  tipHash: Hash
  /** Verified LeaderCerts by hash: of the current term, and of every term in the tree. */
  readonly leaderCerts: Map<Hash, LeaderCert>
  /** Those of them that are on disk, or on their way. */
  readonly storedLeaderCerts: Set<Hash>
  signState: SignState
  /**
   * Of signState.lastAck. binding: above the certified head, or none given. certified: on the certified chain.
   * superseded: another block was certified in its place, so this validator acks nothing more in that term (R1).
   */
  ackStanding: 'binding' | 'certified' | 'superseded'
  /** Highest term heard of. */
  term: Term
  /** LeaderCert of `term`, once seen. */
  leaderCertHash: Hash | null
  role: Follower | Candidate | Leader
  sync: Sync | null
  readonly liveness: Liveness
  /** By the number that the runtime gave them. */
  readonly reads: Map<number, PendingRead>
  readonly witness: Witness
  readonly releases: Releases
  /** Two certified truths, or no seat any more: nothing is signed. */
  halted: boolean
}

export interface Follower {
  readonly kind: 'follower'
  /** Last block that the current leader has sent on its chain. */
  leaderHead: Hash | null
}

export interface Candidate {
  readonly kind: 'candidate'
  readonly vote: Vote
  readonly votes: Map<Seat, Uint8Array>
  /** That the vote signs, and every voter is shown. */
  readonly releases: readonly Uint8Array[]
  /** By the leader that hands over to this node; null where nobody led. */
  readonly transfer: SignedTransferNotice | null
  /** A rival shares the votes: retried early, once a term. */
  split: boolean
}

export interface Leader {
  readonly kind: 'leader'
  /** The term has its opening block. */
  opened: boolean
  /** When the quorum was last counted: the certified head, and whether blocks were waiting above it. */
  lastCount: { readonly certifiedHash: Hash; readonly isWaiting: boolean }
  readonly progress: Map<Seat, Progress>
  /** Being brought up to date to take over; nothing is proposed meanwhile. */
  transferTo: Seat | null
}

/** What a leader knows about a follower. */
export interface Progress {
  /** Last block of the leader's chain that it has stored. */
  matchHeight: number
  /** Last block sent to it. */
  sentHeight: number
  /** Its certified head, and the highest certificate sent to it. */
  certifiedHeight: number
  certifiedSentHeight: number
  /** It knows the LeaderCert. */
  confirmed: boolean
  /** It has no block that the leader still has: only block sync helps. */
  behind: boolean
  /** Its connection has not closed since it was last heard from. */
  connected: boolean
  /** Heard from since the last count. */
  heard: boolean
  /** Resent to since the last heartbeat: one burst of complaints causes one repetition. */
  resent: boolean
  /** It refuses to ack for the time of a block. */
  timeRefused: boolean
}

/** A linearizable read that waits. */
export interface PendingRead {
  readonly answered: Set<Seat>
  /** Of the last acks heard of. */
  latest: Tip
  /** Heartbeat intervals until it is given up. */
  roundsLeft: number
}

export interface Sync {
  readonly from: Seat
  /** Highest certificate heard of without its block. */
  targetHeight: number
  /** A run has arrived and waits for its execution; nothing is being fetched. */
  isApplying: boolean
}
