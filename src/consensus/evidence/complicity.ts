// Who took over a block that nobody honest takes over: those who acked it or a descendant, and those who voted for a tip
// that contains it. Added to the evidence against its proposer.

import type { Seat } from '../../types/brand.ts'
import { type Codec, list, optional, record } from '../../types/canonical.ts'
import { VALIDATORS_MAX } from '../../types/limits.ts'
import type { Verifier } from '../certificate.ts'
import { includes, type Lineage, lineageCodec, type Place } from './lineage.ts'
import { type Endorsement, endorsementCodec, isAckSigned, isVoteSigned } from './statements.ts'

/** `lineage`: of the endorsed block, at the bad block's height; null where it is the bad block itself. */
export interface Complicity {
  readonly word: Endorsement
  readonly lineage: Lineage | null
}

export const complicityCodec: Codec<readonly Complicity[]> = list(
  record<Complicity>({ word: endorsementCodec, lineage: optional(lineageCodec) }),
  VALIDATORS_MAX,
)

/** `counts`: whether such a word makes guilty at all. */
export function isComplicit(
  { word, lineage }: Complicity,
  { block, counts, verifier }: { block: Place; counts: (word: Endorsement) => boolean; verifier: Verifier },
): boolean {
  if (!counts(word)) return false
  switch (word.kind) {
    case 'ack': {
      const end = { height: word.ack.height, hash: word.ack.blockHash }
      return includes(end, { block, lineage }) && isAckSigned(word, verifier)
    }
    case 'vote':
      return includes(word.vote.tip, { block, lineage }) && isVoteSigned(word, verifier)
  }
}

/** Proposer and accomplices. One false accusation among them, and the whole proves nothing. */
export function guilty(
  proposer: Seat,
  complicity: readonly Complicity[],
  isGuilty: (complicity: Complicity) => boolean,
): readonly Seat[] {
  if (!complicity.every(isGuilty)) return []
  return [...new Set([proposer, ...complicity.map(({ word }) => word.member)])].sort((left, right) => left - right)
}
