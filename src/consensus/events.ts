// Everything that can happen to the core. The runtime calls step() with one event at a time; what an event needs from
// the clock and from chance stands in it.

import type { Block } from '../types/block.ts'
import type { Epoch, Hash, Seat } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import type { NextSet } from '../types/validator-set.ts'
import type { Timer } from './effects.ts'
import type { BadTransaction } from './evidence/bad-transaction.ts'
import type { Evidence } from './evidence/evidence.ts'
import type { Message } from './messages.ts'

/** First event of a run. */
export interface Start {
  readonly kind: 'start'
}

/** A timer that an effect set has run out. */
export interface Timeout {
  readonly kind: 'timeout'
  readonly timer: Timer
  /** With `progress`: this node holds a transaction that could be executed now. */
  readonly isWorkWaiting?: boolean
}

/** From a member; the transport has authenticated which. */
export interface Received {
  readonly kind: 'received'
  readonly from: Seat
  readonly message: Message
}

/** A draft that canPropose() asked for, executed on its parent. */
export interface Propose {
  readonly kind: 'propose'
  /** That it was executed in. */
  readonly epoch: Epoch
  /** Protocol version in force at its height. */
  readonly version: number
  readonly parentHash: Hash
  /** Block time; above the parent's. */
  readonly timeMs: number
  readonly txRoot: Hash
  readonly receiptRoot: Hash
  readonly stateRoot: Hash
  readonly logRoot: Hash
  readonly transactions: readonly SignedTransaction[]
  /** As in `Executed`. */
  readonly nextSet: NextSet | null
}

/** Answer to `execute`: transactions, execution and the four roots of the header agree, or not. */
export interface Executed {
  readonly kind: 'executed'
  readonly blockHash: Hash
  readonly verdict:
    | {
        readonly kind: 'valid'
        /** The state after the block holds the set of epoch header.epoch + 1: a change of the validators is pending. */
        readonly nextSet: NextSet | null
      }
    | {
        readonly kind: 'invalid'
        readonly reason: string
        /** The transaction that may not be in it, where that is the reason and it can be shown to others. */
        readonly shown?: BadTransaction
      }
}

/**
 * Answer to `needSync`: consecutive blocks from the height asked for on, at most SYNC_RUN_BLOCKS_MAX; the certificate is
 * on the last of them; the LeaderCert of every term that they open. Nothing of it has been checked.
 */
export interface Synced {
  readonly kind: 'synced'
  readonly from: Seat
  readonly blocks: readonly Block[]
  readonly leaderCerts: readonly LeaderCert[]
  readonly commitCert: CommitCert
}

/** Answer to `needSync`: the member had nothing, or could not be reached. */
export interface SyncFailed {
  readonly kind: 'syncFailed'
  readonly from: Seat
}

/** The last connection to a member has closed. */
export interface PeerDisconnected {
  readonly kind: 'peerDisconnected'
  readonly member: Seat
}

export interface PeerConnected {
  readonly kind: 'peerConnected'
  readonly member: Seat
}

/** The operator, or a node that stops, wants another leader. */
export interface Transfer {
  readonly kind: 'transfer'
  /** Null: whoever is furthest. */
  readonly target: Seat | null
}

/** Somebody wants to read what was committed anywhere by now. */
export interface ReadIndex {
  readonly kind: 'readIndex'
  /** Not in use. */
  readonly id: number
}

/** Others have found it. Checked here, too. */
export interface EvidenceLearned {
  readonly kind: 'evidenceLearned'
  readonly evidence: Evidence
}

/** Institutions have decided that a branch is given up. Checked here. */
export interface ReleaseDecided {
  readonly kind: 'releaseDecided'
  /** Canonical bytes. */
  readonly release: Uint8Array
}

export type Occurrence =
  | Start
  | EvidenceLearned
  | ReleaseDecided
  | Timeout
  | Received
  | Propose
  | Executed
  | Synced
  | SyncFailed
  | PeerDisconnected
  | PeerConnected
  | Transfer
  | ReadIndex

export type Event = Occurrence & {
  /** The node's clock, ms UTC. Only block times are compared with it; timeouts are counted by timers. */
  readonly nowMs: number
  /** 32 random bits. */
  readonly random: number
}
