// Signed statements as evidence shows them, and whether they are what they claim: of this chain, by the key of the
// seat that they name. What a statement means is for the predicates e1.ts to e8.ts.

import type { Header, SignedHeader } from '../../types/block.ts'

import type { Epoch, Seat } from '../../types/brand.ts'
import { type Codec, record, seat, signature, union } from '../../types/canonical.ts'
import {
  type Ack,
  ackCodec,
  promiseCodec,
  type Tip,
  type Vote,
  type VotePromise,
  voteCodec,
} from '../../types/certificate.ts'
import { ackMessage, headerMessage, promiseMessage, voteMessage } from '../../types/signing.ts'
import { memberAt } from '../../types/validator-set.ts'
import type { Verifier } from '../certificate.ts'

/** An ack with who gave it: the ack itself names nobody. */
export interface AckBy {
  readonly member: Seat
  readonly ack: Ack
  readonly signature: Uint8Array
}

export interface VoteBy {
  readonly member: Seat
  readonly vote: Vote
  readonly signature: Uint8Array
}

export interface PromiseBy {
  readonly member: Seat
  readonly promise: VotePromise
  readonly signature: Uint8Array
}

/** A word about a chain given in an election: for a candidate's tip, or about one's own last ack. */
export type ElectionWord = ({ readonly kind: 'vote' } & VoteBy) | ({ readonly kind: 'promise' } & PromiseBy)

/** A word that takes over responsibility for a chain. */
export type Endorsement = ({ readonly kind: 'ack' } & AckBy) | ({ readonly kind: 'vote' } & VoteBy)

/** What its author has signed. */
export const contentOf = (word: ElectionWord): Vote | VotePromise => (word.kind === 'vote' ? word.vote : word.promise)

/** The chain that it speaks of: the candidate's, or that of the author's last ack. */
export const tipOfWord = (word: ElectionWord): Tip | null =>
  word.kind === 'vote' ? word.vote.tip : word.promise.lastAck

export const ackByCodec: Codec<AckBy> = record<AckBy>({ member: seat, ack: ackCodec, signature })
export const voteByCodec: Codec<VoteBy> = record<VoteBy>({ member: seat, vote: voteCodec, signature })
export const promiseByCodec: Codec<PromiseBy> = record<PromiseBy>({ member: seat, promise: promiseCodec, signature })

export const electionWordCodec: Codec<ElectionWord> = union<ElectionWord>({
  vote: voteByCodec,
  promise: promiseByCodec,
})
export const endorsementCodec: Codec<Endorsement> = union<Endorsement>({ ack: ackByCodec, vote: voteByCodec })

export function isHeaderSigned({ header, signature }: SignedHeader, verifier: Verifier): boolean {
  return isSigned(verifier, { ...header, member: header.proposer, message: headerMessage(header), signature })
}

export function isAckSigned({ member, ack, signature }: AckBy, verifier: Verifier): boolean {
  return isSigned(verifier, { ...ack, member, message: ackMessage(ack), signature })
}

export function isVoteSigned({ member, vote, signature }: VoteBy, verifier: Verifier): boolean {
  return isSigned(verifier, { ...vote, member, message: voteMessage(vote), signature })
}

export function isPromiseSigned({ member, promise, signature }: PromiseBy, verifier: Verifier): boolean {
  return isSigned(verifier, { ...promise, member, message: promiseMessage(promise), signature })
}

export function isWordSigned(word: ElectionWord, verifier: Verifier): boolean {
  return word.kind === 'vote' ? isVoteSigned(word, verifier) : isPromiseSigned(word, verifier)
}

/**
 * Another chain's statements prove nothing here, even by the same key: a consortium that recovers starts a new chain with
 * the keys it has. Nor does a statement of an epoch whose set the verifier does not know.
 */
function isSigned(
  { chainId, setOf, verify }: Verifier,
  said: Pick<Header, 'chainId'> & { epoch: Epoch; member: Seat; message: Uint8Array; signature: Uint8Array },
): boolean {
  if (said.chainId !== chainId) return false
  const set = setOf(said.epoch)
  const validator = set && memberAt(set, said.member)
  return validator !== undefined && verify(validator.consensusKey, said.message, said.signature)
}
