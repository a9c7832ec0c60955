// What was shown as a certificate and is none, kept until a header by its hash turns up, or was there before: then its
// proposer is guilty of E8, and where the header opens a term on a false LeaderCert, whoever took it over of E5.

import type { SignedHeader } from '../../types/block.ts'
import type { Hash } from '../../types/brand.ts'
import type { Evidence } from './evidence.ts'
import { hashOf, type OpenedCertificate, type OpenedLeaderCert } from './opened-certificate.ts'

/** A leader names two at a time. Who makes many of them is named for it anyway. */
const FALSE_CERTIFICATES_MAX = 64

/** By the hash that headers name, oldest first. */
export type FalseCertificates = Map<Hash, OpenedCertificate>

/** Its hash; null where it is known. */
export function keepFalseCertificate(known: FalseCertificates, opened: OpenedCertificate): Hash | null {
  const hash = hashOf(opened)
  if (known.has(hash)) return null
  known.set(hash, opened)
  if (known.size > FALSE_CERTIFICATES_MAX) known.delete(known.keys().next().value as Hash)
  return hash
}

/** E8, where the header names one of them. */
export function underFalseCertificates(known: FalseCertificates, { header, signature }: SignedHeader): Evidence[] {
  return [header.leaderCertHash, header.commitCertHash].flatMap((hash) => {
    const opened = known.get(hash)
    return opened === undefined ? [] : [{ kind: 'E8', header: { header, signature }, opened } as const]
  })
}

/** What a header's leaderCertHash opens to, where that is no certificate. */
export function falseLeaderCertOf(known: FalseCertificates, hash: Hash): OpenedLeaderCert | undefined {
  const opened = known.get(hash)
  return opened?.kind === 'leaderCert' ? { bytes: opened.bytes, releases: opened.releases } : undefined
}
