// E3: two votes of one member in one term.
//
// An honest validator votes once a term (R3), its vote is in its sign-state before it is sent, and asked again it repeats
// the same one word for word. The epoch is ignored: a second vote does not become true by naming another validator set.

import type { Seat } from '../../types/brand.ts'
import { type Codec, record } from '../../types/canonical.ts'
import { compareKeys } from '../../types/canonical-bytes.ts'
import { voteMessage } from '../../types/signing.ts'
import type { Verifier } from '../certificate.ts'
import { isVoteSigned, type VoteBy, voteByCodec } from './statements.ts'

/** `first` comes first in byte order. */
export interface E3 {
  readonly kind: 'E3'
  readonly first: VoteBy
  readonly second: VoteBy
}

export const e3Codec: Codec<Omit<E3, 'kind'>> = record<Omit<E3, 'kind'>>({ first: voteByCodec, second: voteByCodec })

export function convictE3({ first, second }: Omit<E3, 'kind'>, verifier: Verifier): readonly Seat[] {
  const isOneTerm = first.member === second.member && first.vote.term === second.vote.term
  const areTwo = compareVotes(first, second) < 0
  return isOneTerm && areTwo && isVoteSigned(first, verifier) && isVoteSigned(second, verifier) ? [first.member] : []
}

export function createE3(left: VoteBy, right: VoteBy): E3 {
  const [first, second] = compareVotes(left, right) < 0 ? [left, right] : [right, left]
  return { kind: 'E3', first, second }
}

const compareVotes = (left: VoteBy, right: VoteBy): number =>
  compareKeys(voteMessage(left.vote), voteMessage(right.vote))
