// The bytes behind a certificate hash in a header: whoever signed the header stands for what they are.

import { taggedHash } from '../../crypto/hash.ts'
import type { Epoch, Hash } from '../../types/brand.ts'
import { bytes, type Codec, fromBytes, record, toBytes } from '../../types/canonical.ts'
import { DecodeError } from '../../types/canonical-bytes.ts'
import {
  bareLeaderCertCodec,
  type CommitCert,
  commitCertCodec,
  type LeaderCert,
  releasesCodec,
} from '../../types/certificate.ts'
import { hashReleases, withoutReleases } from '../../types/signing.ts'
import { TAG } from '../../types/tags.ts'
import { commitCertFault, leaderCertFault, type Verifier } from '../certificate.ts'

/** Preimage of a leaderCertHash, and the Releases behind the hash that stands in it. */
export interface OpenedLeaderCert {
  readonly bytes: Uint8Array
  readonly releases: readonly Uint8Array[]
}

/** What a header's certificate hash is the hash of. */
export type OpenedCertificate =
  | ({ readonly kind: 'leaderCert' } & OpenedLeaderCert)
  | { readonly kind: 'commitCert'; readonly bytes: Uint8Array }

/** 25 signers, 64 bytes each, with names: 3 KB. */
const CERTIFICATE_BYTES_MAX = 4 * 1024

export const certificateBytesCodec: Codec<Uint8Array> = bytes(CERTIFICATE_BYTES_MAX)
export const openedLeaderCertCodec: Codec<OpenedLeaderCert> = record<OpenedLeaderCert>({
  bytes: certificateBytesCodec,
  releases: releasesCodec,
})

/** As whoever holds the certificate shows it to others. */
export function showLeaderCert(certificate: LeaderCert): OpenedLeaderCert {
  return { bytes: toBytes(bareLeaderCertCodec, withoutReleases(certificate)), releases: certificate.releases }
}

export const hashOf = ({ kind, bytes: preimage }: OpenedCertificate): Hash => taggedHash(TAG[kind], preimage)

export const showCommitCert = (certificate: CommitCert): Uint8Array => toBytes(commitCertCodec, certificate)

/** undefined: shows nothing, for these are not the bytes, or the verifier cannot tell. false: they are no certificate. */
export type Opened<C> = { readonly certificate: C } | 'false' | undefined

/** `by`: hash and epoch in the header of whoever used it. */
export function openLeaderCert(
  opened: OpenedLeaderCert,
  { by, verifier }: { by: { hash: Hash; epoch: Epoch }; verifier: Verifier },
): Opened<LeaderCert> {
  if (taggedHash(TAG.leaderCert, opened.bytes) !== by.hash) return undefined
  const bare = decoded(bareLeaderCertCodec, opened.bytes)
  if (bare === undefined) return 'false'
  const { releasesHash, ...rest } = bare
  if (hashReleases(opened.releases) !== releasesHash) return undefined
  const certificate: LeaderCert = { ...rest, releases: opened.releases }
  return judged(certificate, { by, fault: leaderCertFault(certificate, verifier) })
}

export function openCommitCert(
  preimage: Uint8Array,
  { by, verifier }: { by: { hash: Hash; epoch: Epoch }; verifier: Verifier },
): Opened<CommitCert> {
  if (taggedHash(TAG.commitCert, preimage) !== by.hash) return undefined
  const certificate = decoded(commitCertCodec, preimage)
  if (certificate === undefined) return 'false'
  return judged(certificate, { by, fault: commitCertFault(certificate, verifier) })
}

/** A set that the verifier does not know proves nothing, unless no honest header of its epoch can name it. */
function judged<C extends LeaderCert | CommitCert>(
  certificate: C,
  { by, fault }: { by: { epoch: Epoch }; fault: ReturnType<typeof commitCertFault> },
): Opened<C> {
  if (certificate.epoch > by.epoch) return 'false'
  // A Release speaks of several epochs; one that this verifier cannot check proves nothing either way.
  if (fault === 'foreignEpoch' || fault === 'badRelease') return undefined
  return fault === null ? { certificate } : 'false'
}

function decoded<T>(codec: Codec<T>, from: Uint8Array): T | undefined {
  try {
    return fromBytes(codec, from)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
