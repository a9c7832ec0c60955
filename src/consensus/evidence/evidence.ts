// Proof that members of the consortium lied: signed statements that no honest validator makes, with what is needed to
// see it. Checked by anybody who holds the validator sets. spec/consensus.md, "Evidence".

import { taggedHash } from '../../crypto/hash.ts'
import type { Header } from '../../types/block.ts'
import type { Hash, Seat, Term } from '../../types/brand.ts'
import { type Codec, fromBytes, toBytes, union } from '../../types/canonical.ts'
import { DecodeError } from '../../types/canonical-bytes.ts'
import { TAG } from '../../types/tags.ts'
import { type E1, e1Codec } from './e1.ts'
import { type E2, e2Codec } from './e2.ts'
import { type E3, e3Codec } from './e3.ts'
import { type E4, e4Codec } from './e4.ts'
import { type E5, e5Codec } from './e5.ts'
import { type E6, e6Codec } from './e6.ts'
import { type E7, e7Codec } from './e7.ts'
import { type E8, e8Codec } from './e8.ts'
import { contentOf } from './statements.ts'

export type Evidence = E1 | E2 | E3 | E4 | E5 | E6 | E7 | E8

/** Evidence goes into a transaction, and to every node: ancestry by logRoot proofs keeps it small. */
export const EVIDENCE_BYTES_MAX = 16 * 1024

const evidenceCodec: Codec<Evidence> = union<Evidence>({
  E1: e1Codec,
  E2: e2Codec,
  E3: e3Codec,
  E4: e4Codec,
  E5: e5Codec,
  E6: e6Codec,
  E7: e7Codec,
  E8: e8Codec,
})

export function encodeEvidence(evidence: Evidence): Uint8Array {
  return toBytes(evidenceCodec, evidence)
}

/** Shape and bounds only. Throws DecodeError with the path of the field. */
export function decodeEvidence(encoded: Uint8Array): Evidence {
  if (encoded.length > EVIDENCE_BYTES_MAX) {
    throw new DecodeError(`evidence: at most ${EVIDENCE_BYTES_MAX} bytes, got ${encoded.length}`)
  }
  return fromBytes(evidenceCodec, encoded)
}

/** The term in which the lie was told: the later one, where it takes two. */
export const termOf = (evidence: Evidence): Term => contextOf(evidence).term

/** The chain that its statements are about. */
export const chainOf = (evidence: Evidence): Hash => contextOf(evidence).chainId

function contextOf(evidence: Evidence): Pick<Header, 'term' | 'chainId'> {
  switch (evidence.kind) {
    case 'E1':
      return evidence.first.header
    case 'E2':
      return evidence.lower.ack
    case 'E3':
      return evidence.first.vote
    case 'E4':
      return { term: contentOf(evidence.word).term, chainId: evidence.ack.ack.chainId }
    case 'E5':
    case 'E6':
    case 'E7':
    case 'E8':
      return evidence.header.header
  }
}

/** One lie can be shown in many ways. Evidence of one kind and term against the same members counts once. */
export function subjectOf(evidence: Evidence, accused: readonly Seat[]): string {
  return `${evidence.kind}/${termOf(evidence)}/${accused.join(',')}`
}

export function evidenceHash(evidence: Evidence): Hash {
  return taggedHash(TAG.evidence, encodeEvidence(evidence))
}
