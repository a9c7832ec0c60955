// Releases in evidence: what somebody signed for may excuse him, so it has to be shown, and shown not to cover his ack.

import type { Hash } from '../../types/brand.ts'
import { bytes, type Codec, list, optional, record } from '../../types/canonical.ts'
import { RELEASE_BYTES_MAX, RELEASES_MAX } from '../../types/limits.ts'
import { hashReleases } from '../../types/signing.ts'
import type { Verifier } from '../certificate.ts'
import { type AckedBlock, decodeRelease, epochsOf, isUncovered, isValidRelease } from '../release.ts'
import { type Lineage, lineageCodec } from './lineage.ts'

/** `lineage`: of the acked block, at the height of the Release's branch; null where that shows itself. */
export interface ShownRelease {
  readonly bytes: Uint8Array
  readonly lineage: Lineage | null
}

export const shownReleasesCodec: Codec<readonly ShownRelease[]> = list(
  record<ShownRelease>({ bytes: bytes(RELEASE_BYTES_MAX), lineage: optional(lineageCodec) }),
  RELEASES_MAX,
)

/** False only where it is shown that none of the Releases behind the hash is valid and covers an ack of `block`. */
export function mayBeReleased(
  block: AckedBlock,
  { releases, releasesHash, verifier }: { releases: readonly ShownRelease[]; releasesHash: Hash; verifier: Verifier },
): boolean {
  if (hashReleases(releases.map((release) => release.bytes)) !== releasesHash) return true
  return releases.some(({ bytes: encoded, lineage }) => {
    const release = decodeRelease(encoded)
    if (release === null || isUncovered(release, { block, lineage })) return false
    // Whoever does not know the sets cannot call it false.
    const isKnown = epochsOf(release).every((epoch) => verifier.setOf(epoch) !== undefined)
    return !isKnown || isValidRelease(release, verifier)
  })
}
