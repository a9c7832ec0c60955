// What validators say to each other, and how it is written. Shape and bounds only: whether a statement is true is
// for the handlers.

import { type Block, type SignedHeader, signedHeaderCodec } from '../types/block.ts'
import type { Epoch, Hash, Height, Seat, Term } from '../types/brand.ts'
import {
  boolean,
  bytes,
  type Codec,
  epoch,
  fromBytes,
  hash,
  height,
  list,
  oneOf,
  optional,
  record,
  signature,
  term,
  toBytes,
  uint,
  union,
} from '../types/canonical.ts'
import {
  type Ack,
  ackCodec,
  type CommitCert,
  commitCertCodec,
  type LeaderCert,
  leaderCertCodec,
  promiseCodec,
  releasesCodec,
  type Tip,
  type TransferNotice,
  tipCodec,
  transferNoticeCodec,
  type Vote,
  type VotePromise,
  voteCodec,
} from '../types/certificate.ts'
import { RELEASE_BYTES_MAX } from '../types/limits.ts'
import { blockCodec } from '../types/signing.ts'
import { ACKS_MAX, APPEND_BLOCKS_MAX, APPEND_LEADER_CERTS_MAX, UNCERTIFIED_BLOCKS_MAX } from './limits.ts'

/** A place on a chain. */
export interface Position {
  readonly height: Height
  readonly hash: Hash
}

export interface SignedAck {
  readonly ack: Ack
  readonly signature: Uint8Array
}

/** Leader to follower: blocks, certificates, or nothing (heartbeat). */
export interface Append {
  readonly kind: 'append'
  readonly term: Term
  /** Of the terms that `blocks` open, and of `term` until the follower has shown that it knows it. */
  readonly leaderCerts: readonly LeaderCert[]
  /** Parent of the first block, or what the follower is thought to have. */
  readonly previous: Position
  /** A chain on top of `previous`. */
  readonly blocks: readonly Block[]
  /** The leader's highest, where the follower is not known to have it. */
  readonly commitCert: CommitCert | null
}

/** Follower to leader, after an append and whenever it got further. */
export interface AppendReply {
  readonly kind: 'appendReply'
  readonly term: Term
  /**
   * matched: `match` is the last block of the leader's chain that this follower has stored.
   * missing: it does not have `previous`; `match` is its tip.
   * unknownLeader: it has not seen the LeaderCert of the term.
   */
  readonly status: 'matched' | 'missing' | 'unknownLeader'
  readonly match: Position
  readonly certified: Position
  /** For every block of the term above the certified one, in order, until the leader has them. */
  readonly acks: readonly SignedAck[]
  /** The next block cannot be acked: its time is too far from this follower's clock. */
  readonly timeRefused: boolean
}

/** What whoever wants to lead in `term` shows (R3). */
export interface Candidacy {
  /** Of the block after the certified one. */
  readonly epoch: Epoch
  readonly term: Term
  readonly tip: Tip
  /** The candidate's highest; null while that is genesis. */
  readonly commitCert: CommitCert | null
  /** From the block above the certified one to the tip. */
  readonly headers: readonly SignedHeader[]
  /** Of the tip's term; null for genesis. */
  readonly leaderCert: LeaderCert | null
  /** Canonical bytes: what frees voters from acks that this tip is behind (release.ts). */
  readonly releases: readonly Uint8Array[]
}

/** "Would you vote for me in this term?" Changes nobody's term. */
export interface PreVoteRequest extends Candidacy {
  readonly kind: 'preVoteRequest'
}

/** "I would." There is no refusal: who may not vote, or hears a leader, says nothing. */
export interface PreVote {
  readonly kind: 'preVote'
  readonly term: Term
}

export interface VoteRequest extends Candidacy {
  readonly kind: 'voteRequest'
  /** The present leader hands over to this candidate: voters need not wait for it to fall silent. */
  readonly transfer: SignedTransferNotice | null
}

export interface SignedTransferNotice {
  readonly notice: TransferNotice
  readonly signature: Uint8Array
}

export interface VoteReply {
  readonly kind: 'vote'
  readonly vote: Vote
  readonly signature: Uint8Array
}

/** The vote rule refused: no vote, but a promise not to ack below this term. */
export interface PromiseReply {
  readonly kind: 'promise'
  readonly promise: VotePromise
  readonly signature: Uint8Array
  /** What would free the voter from a superseded ack: the candidate shows it the next time. */
  readonly release: Uint8Array | null
}

/** To whoever speaks for a term that is over. */
export interface StaleTerm {
  readonly kind: 'staleTerm'
  readonly term: Term
  /** Of `term` if known: proof for those who are further behind than they may take anybody's word for. */
  readonly leaderCert: LeaderCert | null
}

/** By the leader, to the member that takes over: stand for election at once. */
export interface TimeoutNow {
  readonly kind: 'timeoutNow'
  readonly transfer: SignedTransferNotice
}

/** "What have you acked last?" */
export interface ReadIndexRequest {
  readonly kind: 'readIndexRequest'
  /** The asker's, to tell answers apart. */
  readonly id: number
}

export interface ReadIndexAnswer {
  readonly kind: 'readIndexAnswer'
  readonly id: number
  /** Null for genesis. */
  readonly lastAck: SignedHeader | null
}

/** To whoever speaks for an epoch that is over: from the block that ended it, or later. */
export interface Certified {
  readonly kind: 'certified'
  readonly commitCert: CommitCert
}

export type Message =
  | Append
  | AppendReply
  | PreVoteRequest
  | PreVote
  | VoteRequest
  | VoteReply
  | PromiseReply
  | StaleTerm
  | TimeoutNow
  | ReadIndexRequest
  | ReadIndexAnswer
  | Certified

/** A message with the member that the transport knows it came from. */
export interface From<M extends Message> {
  readonly from: Seat
  readonly message: M
}

const positionCodec: Codec<Position> = record<Position>({ height, hash })
const signedAckCodec: Codec<SignedAck> = record<SignedAck>({ ack: ackCodec, signature })

const signedTransferNoticeCodec: Codec<SignedTransferNotice> = record<SignedTransferNotice>({
  notice: transferNoticeCodec,
  signature,
})
const candidacy = {
  epoch,
  term,
  tip: tipCodec,
  commitCert: optional(commitCertCodec),
  headers: list(signedHeaderCodec, UNCERTIFIED_BLOCKS_MAX),
  leaderCert: optional(leaderCertCodec),
  releases: releasesCodec,
}

const messageCodec: Codec<Message> = union<Message>({
  append: record<Omit<Append, 'kind'>>({
    term,
    leaderCerts: list(leaderCertCodec, APPEND_LEADER_CERTS_MAX),
    previous: positionCodec,
    blocks: list(blockCodec, APPEND_BLOCKS_MAX),
    commitCert: optional(commitCertCodec),
  }),
  appendReply: record<Omit<AppendReply, 'kind'>>({
    term,
    status: oneOf('matched', 'missing', 'unknownLeader'),
    match: positionCodec,
    certified: positionCodec,
    acks: list(signedAckCodec, ACKS_MAX),
    timeRefused: boolean,
  }),
  preVoteRequest: record<Omit<PreVoteRequest, 'kind'>>(candidacy),
  preVote: record<Omit<PreVote, 'kind'>>({ term }),
  voteRequest: record<Omit<VoteRequest, 'kind'>>({ ...candidacy, transfer: optional(signedTransferNoticeCodec) }),
  vote: record<Omit<VoteReply, 'kind'>>({ vote: voteCodec, signature }),
  promise: record<Omit<PromiseReply, 'kind'>>({
    promise: promiseCodec,
    signature,
    release: optional(bytes(RELEASE_BYTES_MAX)),
  }),
  staleTerm: record<Omit<StaleTerm, 'kind'>>({ term, leaderCert: optional(leaderCertCodec) }),
  timeoutNow: record<Omit<TimeoutNow, 'kind'>>({ transfer: signedTransferNoticeCodec }),
  readIndexRequest: record<Omit<ReadIndexRequest, 'kind'>>({ id: uint }),
  readIndexAnswer: record<Omit<ReadIndexAnswer, 'kind'>>({ id: uint, lastAck: optional(signedHeaderCodec) }),
  certified: record<Omit<Certified, 'kind'>>({ commitCert: commitCertCodec }),
})

/** How messages become bytes, and back. `decode` throws DecodeError. */
export interface MessageWire {
  encode(message: Message): Uint8Array
  decode(bytes: Uint8Array): Message
}

export function encodeMessage(message: Message): Uint8Array {
  return toBytes(messageCodec, message)
}

/** Shape and bounds. Throws DecodeError with the path of the field. */
export function decodeMessage(encoded: Uint8Array): Message {
  return fromBytes(messageCodec, encoded)
}

export const canonicalWire: MessageWire = { encode: encodeMessage, decode: decodeMessage }
