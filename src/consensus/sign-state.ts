// What this validator must never forget: everything that its future signatures depend on. Lives in a synced file of its
// own (ledger/), written before any statement that relies on it is sent. spec/consensus.md, section 5.

import type { Term } from '../types/brand.ts'
import { type Codec, fromBytes, list, optional, record, term, toBytes } from '../types/canonical.ts'
import { promiseCodec, type Tip, tipCodec, type Vote, type VotePromise, voteCodec } from '../types/certificate.ts'

/** More than one is rare already; while so many are kept, no Release is used. */
export const EARLIER_ACKS_MAX = 8

/**
 * They fit into the file with all the rest (`SIGN_STATE_BYTES_MAX`). More blocks are uncertified only where many terms
 * have left their opening blocks; the oldest count: there branches part.
 */
export const ACKED_PATH_MAX = 32

export interface SignState {
  /** Highest term taken part in. */
  readonly term: Term
  /** The latest vote. */
  readonly vote: Vote | null
  /** The latest promise. */
  readonly promise: VotePromise | null
  /** The latest ack; its term is the highest ever acked in. */
  readonly lastAck: Tip | null
  /**
   * From the block above the certified head of that moment up to it: what the last ack is about, also when the ledger is lost. Empty
   * once it is known to be certified by a chain that does not say so.
   */
  readonly ackedPath: readonly Tip[]
  /** The last acks of earlier terms that the last one's chain does not contain, while they may still bind under a Release. */
  readonly earlierAcks: readonly Tip[]
  /** Where the last ack's branch left the certified chain, once that was certified past it. */
  readonly branch: Tip | null
}

export const EMPTY_SIGN_STATE: SignState = {
  term: 0 as Term,
  vote: null,
  promise: null,
  lastAck: null,
  ackedPath: [],
  earlierAcks: [],
  branch: null,
}

const signStateCodec: Codec<SignState> = record<SignState>({
  term,
  vote: optional(voteCodec),
  promise: optional(promiseCodec),
  lastAck: optional(tipCodec),
  ackedPath: list(tipCodec, ACKED_PATH_MAX),
  earlierAcks: list(tipCodec, EARLIER_ACKS_MAX),
  branch: optional(tipCodec),
})

export const encodeSignState = (signState: SignState): Uint8Array => toBytes(signStateCodec, signState)
/** Throws DecodeError with the path of the field. */
export const decodeSignState = (encoded: Uint8Array): SignState => fromBytes(signStateCodec, encoded)

/** R4: after a vote or promise in a term, no ack below it. */
export function ackFloor({ vote, promise }: SignState): number {
  return Math.max(vote?.term ?? 0, promise?.term ?? 0)
}

/** R3, R4: one vote a term, and none in a term already acked in. A promise leaves the vote of its term open. */
export function mayVoteIn({ vote, lastAck }: SignState, term: Term): boolean {
  return term > (vote?.term ?? 0) && term > (lastAck?.term ?? 0)
}
