// E1: two headers of one proposer at one (term, height).
//
// An honest leader makes one block a place (R1): within a term its tip only grows, and leadership ends with the process
// that had it, so what a crash forgot is never made again.

import { type SignedHeader, signedHeaderCodec } from '../../types/block.ts'
import type { Seat } from '../../types/brand.ts'
import { type Codec, record } from '../../types/canonical.ts'
import { blockHash } from '../../types/signing.ts'
import type { Verifier } from '../certificate.ts'
import { isHeaderSigned } from './statements.ts'

/** `first` has the smaller hash: one lie has one form. */
export interface E1 {
  readonly kind: 'E1'
  readonly first: SignedHeader
  readonly second: SignedHeader
}

export const e1Codec: Codec<Omit<E1, 'kind'>> = record<Omit<E1, 'kind'>>({
  first: signedHeaderCodec,
  second: signedHeaderCodec,
})

export function convictE1({ first, second }: Omit<E1, 'kind'>, verifier: Verifier): readonly Seat[] {
  const isOnePlace =
    first.header.proposer === second.header.proposer &&
    first.header.term === second.header.term &&
    first.header.height === second.header.height
  const areTwo = blockHash(first.header) < blockHash(second.header)
  return isOnePlace && areTwo && isHeaderSigned(first, verifier) && isHeaderSigned(second, verifier)
    ? [first.header.proposer]
    : []
}

export function createE1(left: SignedHeader, right: SignedHeader): E1 {
  const [first, second] = blockHash(left.header) < blockHash(right.header) ? [left, right] : [right, left]
  return { kind: 'E1', first: justSigned(first), second: justSigned(second) }
}

/** Blocks are signed headers, too, and carry more. */
const justSigned = ({ header, signature }: SignedHeader): SignedHeader => ({ header, signature })
