// E8: a signed header whose leaderCertHash or commitCertHash opens to bytes that are not a valid certificate.
//
// An honest leader names the LeaderCert that it made of q votes it verified, and a CommitCert that it verified or made;
// nobody finds other bytes with their hash.

import { type SignedHeader, signedHeaderCodec } from '../../types/block.ts'
import type { Seat } from '../../types/brand.ts'
import { type Codec, record, union } from '../../types/canonical.ts'
import type { Verifier } from '../certificate.ts'
import {
  certificateBytesCodec,
  type OpenedCertificate,
  openCommitCert,
  openedLeaderCertCodec,
  openLeaderCert,
} from './opened-certificate.ts'
import { isHeaderSigned } from './statements.ts'

export interface E8 {
  readonly kind: 'E8'
  readonly header: SignedHeader
  readonly opened: OpenedCertificate
}

export const e8Codec: Codec<Omit<E8, 'kind'>> = record<Omit<E8, 'kind'>>({
  header: signedHeaderCodec,
  opened: union<OpenedCertificate>({
    leaderCert: openedLeaderCertCodec,
    commitCert: record<{ bytes: Uint8Array }>({ bytes: certificateBytesCodec }),
  }),
})

export function convictE8({ header: signed, opened }: Omit<E8, 'kind'>, verifier: Verifier): readonly Seat[] {
  const { leaderCertHash, commitCertHash, epoch, proposer } = signed.header
  const found =
    opened.kind === 'leaderCert'
      ? openLeaderCert(opened, { by: { hash: leaderCertHash, epoch }, verifier })
      : openCommitCert(opened.bytes, { by: { hash: commitCertHash, epoch }, verifier })
  return found === 'false' && isHeaderSigned(signed, verifier) ? [proposer] : []
}
