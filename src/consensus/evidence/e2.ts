// E2: two acks of one member in one term that are not on one chain.
//
// The acks of an honest validator within one term form one chain (R1). Its last ack is in its sign-state, on disk before
// the ack is sent, and survives every restart. The upper block's logRoot was checked before it was acked, so a proposer
// who writes a false one frames nobody. The epoch is ignored: a term may reach into the next.

import type { Seat } from '../../types/brand.ts'
import { type Codec, optional, record } from '../../types/canonical.ts'
import type { Verifier } from '../certificate.ts'
import { excludes, type Lineage, lineageCodec } from './lineage.ts'
import { type AckBy, ackByCodec, isAckSigned } from './statements.ts'

/** `lower` is not the higher one; at one height it has the smaller hash. `lineage`: of the upper block, at lower's height. */
export interface E2 {
  readonly kind: 'E2'
  readonly lower: AckBy
  readonly upper: AckBy
  readonly lineage: Lineage | null
}

export const e2Codec: Codec<Omit<E2, 'kind'>> = record<Omit<E2, 'kind'>>({
  lower: ackByCodec,
  upper: ackByCodec,
  lineage: optional(lineageCodec),
})

export function convictE2({ lower, upper, lineage }: Omit<E2, 'kind'>, verifier: Verifier): readonly Seat[] {
  const isOneTerm = lower.member === upper.member && lower.ack.term === upper.ack.term
  const low = placeOf(lower)
  const high = placeOf(upper)
  const areOrdered = low.height < high.height || (low.height === high.height && low.hash < high.hash)
  const areApart = areOrdered && excludes(high, { block: low, lineage })
  return isOneTerm && areApart && isAckSigned(lower, verifier) && isAckSigned(upper, verifier) ? [lower.member] : []
}

const placeOf = ({ ack: { height, blockHash } }: AckBy) => ({ height, hash: blockHash })

/** Which of two acks is the lower one. */
export function orderAcks(left: AckBy, right: AckBy): { lower: AckBy; upper: AckBy } {
  const isLeftLower =
    left.ack.height < right.ack.height ||
    (left.ack.height === right.ack.height && left.ack.blockHash < right.ack.blockHash)
  return isLeftLower ? { lower: left, upper: right } : { lower: right, upper: left }
}
