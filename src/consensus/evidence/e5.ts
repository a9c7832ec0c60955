// E5: the first block of a term whose LeaderCert is missing, invalid, or has another tip than its parent. Convicts the
// proposer, everyone who acked the block or a descendant, and everyone who voted for a tip of that term that contains it.
//
// An honest leader opens its term on the tip for which q members elected it, and an honest follower acks nothing above a
// term whose LeaderCert it has not checked (R2). A voter is shown the LeaderCert of the tip's term, and that the chain
// passes through its tip (R3); of earlier terms between the certified block and the tip it is not. So a vote for a tip of
// a later term convicts nobody: its voters trusted the q who elected that term's leader. A LeaderCert that nobody can open
// gets no block into an honest node, and needs no evidence.

import { type Header, headerCodec, type SignedHeader, signedHeaderCodec } from '../../types/block.ts'
import { type Seat, ZERO_HASH } from '../../types/brand.ts'
import { type Codec, optional, record } from '../../types/canonical.ts'
import { blockHash } from '../../types/signing.ts'
import type { Verifier } from '../certificate.ts'
import { isUnderLeaderCert } from '../header-rules.ts'
import { type Complicity, complicityCodec, guilty, isComplicit } from './complicity.ts'
import { type OpenedLeaderCert, openedLeaderCertCodec, openLeaderCert } from './opened-certificate.ts'
import { isHeaderSigned } from './statements.ts'

/** `leaderCert` is null where the header names none. */
export interface E5 {
  readonly kind: 'E5'
  readonly header: SignedHeader
  readonly parent: Header
  readonly leaderCert: OpenedLeaderCert | null
  readonly complicity: readonly Complicity[]
}

export const e5Codec: Codec<Omit<E5, 'kind'>> = record<Omit<E5, 'kind'>>({
  header: signedHeaderCodec,
  parent: headerCodec,
  leaderCert: optional(openedLeaderCertCodec),
  complicity: complicityCodec,
})

export function convictE5({ complicity, ...opening }: Omit<E5, 'kind'>, verifier: Verifier): readonly Seat[] {
  const { header } = opening.header
  const isFirstOfTerm = blockHash(opening.parent) === header.parentHash && opening.parent.term < header.term
  if (!isFirstOfTerm || !lacksLeaderCert(opening, verifier) || !isHeaderSigned(opening.header, verifier)) return []
  const block = { height: header.height, hash: blockHash(header) }
  return guilty(header.proposer, complicity, (accomplice) =>
    isComplicit(accomplice, {
      block,
      counts: (word) => word.kind === 'ack' || word.vote.tip.term === header.term,
      verifier,
    }),
  )
}

function lacksLeaderCert(
  { header: { header }, parent, leaderCert }: Omit<E5, 'kind' | 'complicity'>,
  verifier: Verifier,
): boolean {
  if (leaderCert === null) return header.leaderCertHash === ZERO_HASH
  const by = { hash: header.leaderCertHash, epoch: header.epoch }
  const opened = openLeaderCert(leaderCert, { by, verifier })
  if (opened === undefined) return false
  return opened === 'false' || !isUnderLeaderCert(header, { parent, certificate: opened.certificate })
}
