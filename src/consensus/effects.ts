// Everything that the core can ask for: plain data, performed strictly in order. A `persist...` is on disk, synced,
// before anything behind it is performed; a run of them may share one sync.

import type { Block } from '../types/block.ts'
import type { Epoch, Hash, Height, Seat, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import type { Evidence } from './evidence/evidence.ts'
import type { Message } from './messages.ts'
import type { SignedStatement } from './own-statements.ts'
import type { SignState } from './sign-state.ts'

/**
 * election: no leader heard for too long. heartbeat: the leader's, and the repetition of whoever asks for votes or
 * pre-votes. quorum: the leader counts whom it heard. progress: is work waiting that nobody certifies? vote: another
 * vote may be granted. askers: who asked for a pre-vote no longer counts. heeded: mere words about higher terms
 * are believed again. transfer: the target should lead by now. read:
 * ask again for last acks. ack: a block from the future is due.
 */
export type Timer =
  | 'election'
  | 'heartbeat'
  | 'quorum'
  | 'progress'
  | 'vote'
  | 'askers'
  | 'heeded'
  | 'transfer'
  | 'read'
  | 'ack'

/** noTarget: not a member, or nobody who could take over. timeout: nobody else is known to lead. */
export type TransferFailure = 'notLeader' | 'noTarget' | 'disconnected' | 'timeout'

export type Role = 'follower' | 'candidate' | 'leader'

/** What a member did that no honest one does, where others cannot be shown it. Each is named after what is wrong. */
export type Misbehaviour =
  | 'badSignature'
  | 'badCertificate'
  | 'badChain'
  | 'badBody'
  | 'equivocation'
  | 'foreignStatement'

export type Effect =
  | { readonly kind: 'persistBlock'; readonly block: Block }
  | { readonly kind: 'persistLeaderCert'; readonly certificate: LeaderCert }
  | { readonly kind: 'persistSignState'; readonly signState: SignState }
  /** May get lost; the protocol repeats itself. */
  | { readonly kind: 'send'; readonly to: Seat; readonly message: Message }
  /** Answered by `executed`. Parents come before children. */
  | { readonly kind: 'execute'; readonly block: Block }
  /**
   * `blocks` are certified, oldest first; the certificate is on the last. `dropped` lost to them: nothing will need them
   * any more. One atomic write.
   */
  | {
      readonly kind: 'commit'
      readonly certificate: CommitCert
      readonly blocks: readonly Block[]
      readonly dropped: readonly Hash[]
    }
  /** The block on which this node would build. */
  | { readonly kind: 'moveTip'; readonly blockHash: Hash; readonly height: Height }
  /** Replaces the timer of that name. */
  | { readonly kind: 'setTimer'; readonly timer: Timer; readonly delayMs: number }
  | { readonly kind: 'cancelTimer'; readonly timer: Timer }
  /** Fetch certified blocks, from this member if possible; answered by `synced` or `syncFailed`. */
  | { readonly kind: 'needSync'; readonly from: Seat; readonly fromHeight: Height }
  | {
      readonly kind: 'roleChanged'
      readonly role: Role
      readonly term: Term
      readonly leader: Seat | null
    }
  /** Leadership stays where it is, or is nowhere yet. */
  | { readonly kind: 'transferFailed'; readonly reason: TransferFailure }
  /** Whatever was acknowledged anywhere before the read is in the certified state now. */
  | { readonly kind: 'readReady'; readonly id: number; readonly height: Height }
  | { readonly kind: 'readFailed'; readonly id: number; readonly reason: 'busy' | 'timeout' }
  /** Not in the chain: from a proposal that came too late, or from a dropped block. */
  | { readonly kind: 'returned'; readonly transactions: readonly SignedTransaction[] }
  | {
      readonly kind: 'invalidBlock'
      readonly blockHash: Hash
      readonly height: Height
      readonly proposer: Seat
      readonly reason: string
    }
  | { readonly kind: 'misbehaviour'; readonly member: Seat; readonly what: Misbehaviour }
  /** Proof that these members lied, for everybody. Given once for each lie, as far as memory reaches. */
  | { readonly kind: 'evidence'; readonly evidence: Evidence; readonly accused: readonly Seat[] }
  /** Certified: this validator has no seat in the epoch. The core signs nothing more, and has stopped. */
  | { readonly kind: 'retired'; readonly epoch: Epoch; readonly height: Height; readonly blockHash: Hash }
  /** A member has shown a statement by the own key that the sign-state does not cover. The core has stopped. */
  | { readonly kind: 'silenced'; readonly statement: SignedStatement }
  /** A quorum certified what this node's execution refuses, or two blocks at one height. The core has stopped. */
  | { readonly kind: 'diverged'; readonly blockHash: Hash; readonly height: Height; readonly reason: string }
