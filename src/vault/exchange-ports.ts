// What the release protocol needs from the rest of the node. node/ passes the implementations in: p2p for the stream,
// the custodian's and the requester's own committed state for everything that is decided.

import type { Hash, IdentityId, PublicKey } from '../types/brand.ts'
import type { CommittedBody } from './consent-bodies.ts'

/** Name of the request protocol on the transport. */
export const RECORD_PROTOCOL = 'record'

/** A whole record is every record of the patient at this custodian: `records` empty, as in `access.request`. */
export interface DecisionRef {
  readonly patient: IdentityId
  /** Number of the decision (access contract). */
  readonly decision: number
}

/** What must travel with a record that others may not simply pass on. */
export interface Accompaniment {
  readonly notice: string
  readonly consents: readonly CommittedBody[]
}

export interface Redisclosure {
  /** Whether a record, given by its bytes, must not leave alone. */
  applies(record: Uint8Array): boolean
  /** Null: there is nothing that could go along, so such records stay. */
  accompaniment(): Promise<Accompaniment | null>
}

export type ReleaseCheck =
  | {
      readonly kind: 'releasable'
      /** The requester's institution: only its nodes are answered. */
      readonly institution: IdentityId
      readonly recipientKey: PublicKey
      /** Records the decision asked for; empty: the whole record. */
      readonly records: readonly IdentityId[]
      /** The patient's ids (`registry.idsOf`): records of all of them belong to the record. */
      readonly patients: readonly IdentityId[]
      /** Whether the data limits leave a record, given by its bytes; null where nothing is limited. */
      readonly mayLeave: ((record: Uint8Array) => boolean) | null
      readonly redisclosure: Redisclosure
    }
  /** `reason`: code of the contract, or UNKNOWN_DECISION. */
  | { readonly kind: 'refused'; readonly reason: string }

/** The custodian's own committed state, looked at with time = max(head time, clock). */
export interface ReleaseAuthority {
  /** Whether a leader's heartbeat or a certified head was heard within RELEASE_STALE_MS. */
  isFresh(): boolean
  /** Institution whose registered, unrevoked transport key this is. */
  institutionOf(transportKey: PublicKey): Promise<IdentityId | null>
  /** `access.releasable` with the decision's terms. */
  check(ref: DecisionRef): Promise<ReleaseCheck>
  /** Has the chain an entry of this record? One whose registration never came through is nobody's to release. */
  isRegistered(recordId: IdentityId): Promise<boolean>
}

export interface ReleaseEntry extends DecisionRef {
  readonly records: readonly IdentityId[]
  /** Commits to everything that is sent: `releaseManifest()`. */
  readonly manifest: Hash
}

export type ReleaseLogged =
  /** `release`: number within the decision, from 1. */
  { readonly kind: 'committed'; readonly release: number } | { readonly kind: 'refused'; readonly code: string }

export interface ReleaseLog {
  /** Submits `access.release` and resolves when a commit certificate covers it. Nothing is sent before. */
  commit(entry: ReleaseEntry): Promise<ReleaseLogged>
}

/** The requester's own committed state. May wait a moment for a commit that the custodian saw first. */
export interface RequesterChain {
  /** Chain entry of a record (`access.record`). */
  record(recordId: IdentityId): Promise<{ readonly custodian: IdentityId; readonly ciphertextHash: Hash } | null>
  /** Commitments to the documents of the consents that permit what was decided. */
  documents(ref: DecisionRef): Promise<readonly Hash[]>
  /** Manifest of a release logged under the decision. */
  manifest(ref: DecisionRef & { readonly release: number }): Promise<Hash | null>
}

/** One question, one answer: `Transport.request` of p2p, bound to the custodian's node. */
export type AskCustodian = (
  message: Uint8Array,
  options: { readonly maxReplyBytes: number; readonly signal?: AbortSignal },
) => Promise<Uint8Array>

/** For `Transport.handleRequests('record', ...)`. `peer` is the authenticated transport key of the asking node. */
export type AnswerRequester = (peer: PublicKey, message: Uint8Array) => Promise<Uint8Array>
