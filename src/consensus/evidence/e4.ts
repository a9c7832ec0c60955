// E4: an ack (t, h, B), and a vote or promise in a later term for a tip of a term below t, or of term t and lower than h or
// without B. A tip of a later term than t is no evidence: whoever elected that term's leader has answered for B, and honest
// validators follow. Not when the vote signs a valid Release that covers B.
//
// An honest validator never acks below a term that it voted or promised in (R4), so the ack came first. A promise names
// its last ack, which is of t or later and, if of t, on B's chain (R1). A vote is for a tip that is not below the last ack
// (R3): unless that was certified, the tip is of a later term or contains it; when it was, the tip contains a certified
// block that contains it (R5). The voter has checked the logRoot of the tip.

import { type Hash, type Seat, ZERO_HASH } from '../../types/brand.ts'
import { type Codec, optional, record } from '../../types/canonical.ts'
import type { Tip } from '../../types/certificate.ts'
import type { Verifier } from '../certificate.ts'
import { excludes, type Lineage, lineageCodec } from './lineage.ts'
import { mayBeReleased, type ShownRelease, shownReleasesCodec } from './shown-release.ts'
import {
  type AckBy,
  ackByCodec,
  contentOf,
  type ElectionWord,
  electionWordCodec,
  isAckSigned,
  isWordSigned,
  tipOfWord,
} from './statements.ts'

/** `lineage`: of the tip, at the acked height. */
export interface E4 {
  readonly kind: 'E4'
  readonly ack: AckBy
  readonly word: ElectionWord
  /** Those whose hash the vote signs. */
  readonly releases: readonly ShownRelease[]
  readonly lineage: Lineage | null
}

export const e4Codec: Codec<Omit<E4, 'kind'>> = record<Omit<E4, 'kind'>>({
  ack: ackByCodec,
  word: electionWordCodec,
  releases: shownReleasesCodec,
  lineage: optional(lineageCodec),
})

export function convictE4({ ack, word, releases, lineage }: Omit<E4, 'kind'>, verifier: Verifier): readonly Seat[] {
  const { member, ack: acked } = ack
  if (member !== word.member || contentOf(word).term <= acked.term) return []
  const { epoch, term, height, blockHash: hash } = acked
  const block = { epoch, term, height, hash }
  if (mayBeReleased(block, { releases, releasesHash: releasesHashOf(word), verifier })) return []
  const isDropped = isBehind(tipOfWord(word), { block, lineage })
  return isDropped && isAckSigned(ack, verifier) && isWordSigned(word, verifier) ? [member] : []
}

/** Is `tip` one for which nobody lets go of `block`? */
export function isBehind(tip: Tip | null, { block, lineage }: { block: Tip; lineage: Lineage | null }): boolean {
  if (tip === null || tip.term < block.term) return true
  const isOfLaterTerm = tip.term > block.term
  return !isOfLaterTerm && excludes(tip, { block, lineage })
}

const releasesHashOf = (word: ElectionWord): Hash => (word.kind === 'vote' ? word.vote.releasesHash : ZERO_HASH)
