// E6: a header of term t2 that does not contain B, signed by a member whose own ack on B is in a CommitCert of a term below
// t2; void if the LeaderCert of t2 carries a valid Release of B's branch. Others than B's signers are not convicted:
// superseded blocks are normal.
//
// That the header lacks B is shown by its LeaderCert: the tip on which its leader stood is below B in the order that binds
// votes, as in E4, and the blocks of t2 on top of it are not B. An honest candidate's tip is never below its own last ack
// (R3), and its ack on B is older than its candidacy (R4). With the tip of a later term than B's, its leader had followed
// others there without knowing the CommitCert, as it may: that is no evidence against it (E4's clause holds here, too).

import { type SignedHeader, signedHeaderCodec } from '../../types/block.ts'
import type { Seat } from '../../types/brand.ts'
import { type Codec, list, optional, record } from '../../types/canonical.ts'
import { type CommitCert, commitCertCodec } from '../../types/certificate.ts'
import { RELEASES_MAX } from '../../types/limits.ts'
import { hashReleases } from '../../types/signing.ts'
import { commitCertFault, type Verifier } from '../certificate.ts'
import { isBehind } from './e4.ts'
import { type Lineage, lineageCodec } from './lineage.ts'
import { type OpenedLeaderCert, openedLeaderCertCodec, openLeaderCert } from './opened-certificate.ts'
import { mayBeReleased } from './shown-release.ts'
import { isHeaderSigned } from './statements.ts'

/**
 * `lineage`: of the LeaderCert's tip, at the certified height. `branches`: for each of its Releases, the lineage of the
 * certified block at the height of the Release's branch.
 */
export interface E6 {
  readonly kind: 'E6'
  readonly header: SignedHeader
  readonly leaderCert: OpenedLeaderCert
  readonly commitCert: CommitCert
  readonly lineage: Lineage | null
  readonly branches: readonly (Lineage | null)[]
}

export const e6Codec: Codec<Omit<E6, 'kind'>> = record<Omit<E6, 'kind'>>({
  header: signedHeaderCodec,
  leaderCert: openedLeaderCertCodec,
  commitCert: commitCertCodec,
  lineage: optional(lineageCodec),
  branches: list(optional(lineageCodec), RELEASES_MAX),
})

export function convictE6(evidence: Omit<E6, 'kind'>, verifier: Verifier): readonly Seat[] {
  const { commitCert, lineage } = evidence
  const { header } = evidence.header
  const { proposer, term } = header
  const isSigner = commitCert.signatures.some(({ member }) => member === proposer)
  if (!isSigner || commitCert.term >= term || commitCertFault(commitCert, verifier) !== null) return []

  const by = { hash: header.leaderCertHash, epoch: header.epoch }
  const opened = openLeaderCert(evidence.leaderCert, { by, verifier })
  if (opened === undefined || opened === 'false') return []
  const { certificate } = opened
  if (certificate.term !== term || certificate.candidate !== proposer) return []

  const { epoch, height, blockHash: hash } = commitCert
  const block = { epoch, term: commitCert.term, height, hash }
  const releases = certificate.releases.map((bytes, i) => ({ bytes, lineage: evidence.branches[i] ?? null }))
  const releasesHash = hashReleases(certificate.releases)
  if (mayBeReleased(block, { releases, releasesHash, verifier })) return []
  return isBehind(certificate.tip, { block, lineage }) && isHeaderSigned(evidence.header, verifier) ? [proposer] : []
}
