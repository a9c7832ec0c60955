// A Release frees those who acked a block of a branch from it, where an equivocating leader has left honest members locked
// on different blocks: it shows that the branch was not, and will not be, certified in the terms that it covers.
// spec/consensus.md, "Releases".

import type { Epoch, Term } from '../types/brand.ts'
import { type Codec, epoch, fromBytes, list, optional, record, toBytes, union } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import {
  type CommitCert,
  commitCertCodec,
  type MemberSignature,
  memberSignatureCodec,
  type Tip,
  tipCodec,
} from '../types/certificate.ts'
import { RELEASE_BYTES_MAX, VALIDATORS_MAX } from '../types/limits.ts'
import { ackMessage } from '../types/signing.ts'
import {
  type Abandonment,
  abandonmentFields,
  endOfAbandonment,
  epochsOfAbandonment,
  isAbandoned,
  tipOfStart,
} from './abandonment.ts'
import type { CertificateFault, Verifier } from './certificate.ts'
import { excludes, type Lineage, lineageCodec } from './evidence/lineage.ts'
import { quorumFault } from './quorum-signatures.ts'
import { decidingEpoch, decisionFault } from './release-decision.ts'

/** A certified chain that does not hold the branch's first block. `lineage`: of the certified block, at its height. */
export interface ConflictRelease {
  readonly kind: 'conflict'
  readonly branch: Tip
  readonly commitCert: CommitCert
  readonly lineage: Lineage | null
}

/** So many have turned away from the branch that it misses its quorum, even if all liars left to reckon with are among them. */
export interface AbandonedRelease extends Abandonment {
  readonly kind: 'abandoned'
}

/** It misses its quorum if those who turned away have not lied about it; q institutions have decided to take that for true. */
export interface GovernedRelease extends Abandonment {
  readonly kind: 'governed'
  /** Whose institutions decide: the latest that the branch could have been certified in. */
  readonly epoch: Epoch
  /** By governance keys. */
  readonly signatures: readonly MemberSignature[]
}

export type Release = ConflictRelease | AbandonedRelease | GovernedRelease

const releaseCodec: Codec<Release> = union<Release>({
  conflict: record<Omit<ConflictRelease, 'kind'>>({
    branch: tipCodec,
    commitCert: commitCertCodec,
    lineage: optional(lineageCodec),
  }),
  abandoned: record<Abandonment>(abandonmentFields),
  governed: record<Omit<GovernedRelease, 'kind'>>({
    ...abandonmentFields,
    epoch,
    signatures: list(memberSignatureCodec, VALIDATORS_MAX),
  }),
})

export function encodeRelease(release: Release): Uint8Array {
  return toBytes(releaseCodec, release)
}

/** Null for bytes that are no Release. Shape only. */
export function decodeRelease(encoded: Uint8Array): Release | null {
  if (encoded.length > RELEASE_BYTES_MAX) return null
  try {
    return fromBytes(releaseCodec, encoded)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

/** All of them, or null where one is not valid: nobody signs for what he cannot check. */
export function validReleases(encoded: readonly Uint8Array[], verifier: Verifier): readonly Release[] | null {
  const releases: Release[] = []
  for (const bytes of encoded) {
    const release = decodeRelease(bytes)
    if (release === null || !isValidRelease(release, verifier)) return null
    releases.push(release)
  }
  return releases
}

export function isValidRelease(release: Release, verifier: Verifier): boolean {
  switch (release.kind) {
    case 'conflict':
      return isConflict(release, verifier)
    case 'abandoned':
      return isAbandoned(release, { verifier, trust: 'inNobody' })
    case 'governed':
      return governedFault(release, verifier) === null
  }
}

/** Why a decision does not count, or null. words: they do not show what was decided upon, whoever signed. */
export function governedFault(release: GovernedRelease, verifier: Verifier): CertificateFault | 'words' | null {
  return isProposal(release, verifier) ? decisionFault(release, verifier) : 'words'
}

/** May institutions sign it? Whoever has signed so far. */
export function isProposal(release: GovernedRelease, verifier: Verifier): boolean {
  return release.epoch === decidingEpoch(release) && isAbandoned(release, { verifier, trust: 'inWords' })
}

/** The first block of the branch. */
export function branchOf(release: Release): Tip {
  return release.kind === 'conflict' ? release.branch : tipOfStart(release.start)
}

/** Acks of this term and later are not covered. */
export function endOf(release: Release): Term {
  return release.kind === 'conflict' ? (Number.MAX_SAFE_INTEGER as Term) : endOfAbandonment(release)
}

/** What an ack was about. */
export type AckedBlock = Tip & { readonly epoch: Epoch }

/**
 * Is it shown that the Release does not cover an ack of this block? `lineage`: of the block, at the branch's height. The
 * certified head of whoever acked it is at most one epoch below, and no voter takes a certificate of an epoch below that.
 */
export function isUncovered(
  release: Release,
  { block, lineage }: { block: AckedBlock; lineage: Lineage | null },
): boolean {
  const branch = branchOf(release)
  if (release.kind === 'conflict' && release.commitCert.epoch < block.epoch - 1) return true
  return block.term < branch.term || block.term >= endOf(release) || excludes(block, { block: branch, lineage })
}

/** Whose sets it takes to judge it. */
export function epochsOf(release: Release): readonly Epoch[] {
  if (release.kind === 'conflict') return [release.commitCert.epoch]
  const epochs = epochsOfAbandonment(release)
  return release.kind === 'governed' ? [release.epoch, ...epochs] : epochs
}

function isConflict({ branch, commitCert, lineage }: ConflictRelease, verifier: Verifier): boolean {
  const { signatures, ...ack } = commitCert
  const end = { height: commitCert.height, hash: commitCert.blockHash }
  return (
    commitCert.height >= branch.height &&
    excludes(end, { block: branch, lineage }) &&
    quorumFault(commitCert, { message: ackMessage(ack), verifier }) === null
  )
}
