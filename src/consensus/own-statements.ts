// A validator's own signed statements, as others show them to it. Whatever it signed is in its sign-state, on disk, before
// anybody hears of it; so a statement by its own key that the sign-state does not cover means that the sign-state is old:
// a restored disk, a rolled-back machine, or somebody else with the key. spec/consensus.md, section 5.

import { type SignedHeader, signedHeaderCodec } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import { type Codec, union } from '../types/canonical.ts'
import type { CommitCert, LeaderCert, Tip } from '../types/certificate.ts'
import { blockHash } from '../types/signing.ts'
import { ackOf, type Verifier, voteOf } from './certificate.ts'
import {
  type AckBy,
  ackByCodec,
  isAckSigned,
  isHeaderSigned,
  isPromiseSigned,
  isVoteSigned,
  type PromiseBy,
  promiseByCodec,
  type VoteBy,
  voteByCodec,
} from './evidence/statements.ts'
import type { SignState } from './sign-state.ts'
import { compareTips } from './tip.ts'
import { isSameVote } from './vote-rules.ts'

export type SignedStatement =
  | ({ readonly kind: 'header' } & SignedHeader)
  | ({ readonly kind: 'ack' } & AckBy)
  | ({ readonly kind: 'vote' } & VoteBy)
  | ({ readonly kind: 'promise' } & PromiseBy)

export const signedStatementCodec: Codec<SignedStatement> = union<SignedStatement>({
  header: signedHeaderCodec,
  ack: ackByCodec,
  vote: voteByCodec,
  promise: promiseByCodec,
})

export function authorOf(statement: SignedStatement): Seat {
  return statement.kind === 'header' ? statement.header.proposer : statement.member
}

/** Really by the key of its author's seat, on this chain? */
export function isStatementSigned(statement: SignedStatement, verifier: Verifier): boolean {
  switch (statement.kind) {
    case 'header':
      return isHeaderSigned(statement, verifier)
    case 'ack':
      return isAckSigned(statement, verifier)
    case 'vote':
      return isVoteSigned(statement, verifier)
    case 'promise':
      return isPromiseSigned(statement, verifier)
  }
}

/**
 * May a validator with this sign-state have made the statement? Votes and promises have one text a term, and terms only
 * rise; acks rise by term, then height (R1, R4), and a leader acks its own blocks as it signs them.
 */
export function isCovered({ vote, promise, lastAck }: SignState, statement: SignedStatement): boolean {
  switch (statement.kind) {
    case 'header': {
      const { term, height } = statement.header
      return isAckCovered(lastAck, { term, height }, () => blockHash(statement.header))
    }
    case 'ack': {
      const { term, height, blockHash: hash } = statement.ack
      return isAckCovered(lastAck, { term, height }, () => hash)
    }
    case 'vote':
      return vote !== null && (vote.term > statement.vote.term || isSameVote(vote, statement.vote))
    case 'promise':
      return promise !== null && (promise.term > statement.promise.term || isSamePromise(promise, statement.promise))
  }
}

/** The statements that prove the sign-state to be old: of this seat, really signed, not covered. */
export function statementsBeyond(
  signState: SignState,
  { seat, statements, verifier }: { seat: Seat; statements: readonly SignedStatement[]; verifier: Verifier },
): SignedStatement[] {
  // Signatures last: what is covered needs none.
  return statements.filter(
    (each) => authorOf(each) === seat && !isCovered(signState, each) && isStatementSigned(each, verifier),
  )
}

export function ackIn(certificate: CommitCert, seat: Seat): SignedStatement[] {
  const signature = signatureIn(certificate, seat)
  return signature === undefined ? [] : [{ kind: 'ack', member: seat, ack: ackOf(certificate), signature }]
}

export function voteIn(certificate: LeaderCert, seat: Seat): SignedStatement[] {
  const signature = signatureIn(certificate, seat)
  return signature === undefined ? [] : [{ kind: 'vote', member: seat, vote: voteOf(certificate), signature }]
}

function signatureIn({ signatures }: CommitCert | LeaderCert, seat: Seat): Uint8Array | undefined {
  return signatures.find(({ member }) => member === seat)?.signature
}

function isAckCovered(lastAck: Tip | null, place: Pick<Tip, 'term' | 'height'>, hash: () => Tip['hash']): boolean {
  if (lastAck === null) return false
  const order = compareTips(place, lastAck)
  return order < 0 || (order === 0 && hash() === lastAck.hash)
}

type Promised = NonNullable<SignState['promise']>

function isSamePromise(left: Promised, right: Promised): boolean {
  const isSameAck =
    left.lastAck === null || right.lastAck === null
      ? left.lastAck === right.lastAck
      : compareTips(left.lastAck, right.lastAck) === 0 && left.lastAck.hash === right.lastAck.hash
  return left.chainId === right.chainId && left.epoch === right.epoch && left.term === right.term && isSameAck
}
