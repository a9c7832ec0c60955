// What a header must be to stand on its parent, whoever sends it (spec/consensus.md, section 7). Time against the clock
// and the four roots are not looked at here.

import { type MountainRange, rangeRoot } from '../crypto/mountain-range.ts'
import type { Block, Header, SignedHeader } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import type { LeaderCert } from '../types/certificate.ts'
import { commitCertHash, headerMessage } from '../types/signing.ts'
import { EMPTY_ROOT, transactionRoot } from '../types/transaction-root.ts'
import { memberAt } from '../types/validator-set.ts'
import { type CertificateFault, commitCertFault, type Verifier } from './certificate.ts'

/** A signed header with its hash. */
export interface LinkedHeader extends SignedHeader {
  readonly hash: Hash
}

/**
 * Does the header follow from its parent: place, time, term, epoch, and within a term one leader under one LeaderCert, with
 * something to say? Only the first block of a term may be empty.
 * Who makes, acks or votes for one that does not is convicted by E7, so this is asked wherever a header is taken in.
 */
export function isLinked(header: Header, { parent }: { parent: Omit<LinkedHeader, 'signature'> }): boolean {
  const before = parent.header
  return (
    header.parentHash === parent.hash &&
    header.height === before.height + 1 &&
    header.timeMs > before.timeMs &&
    (header.epoch === before.epoch || header.epoch === before.epoch + 1) &&
    (header.term > before.term ||
      (header.term === before.term &&
        header.proposer === before.proposer &&
        header.leaderCertHash === before.leaderCertHash &&
        header.txRoot !== EMPTY_ROOT))
  )
}

/** Chain, set, link to the parent, and the proposer's signature. */
export function isOnParent(
  { header, signature }: SignedHeader,
  { parent, verifier }: { parent: Omit<LinkedHeader, 'signature'>; verifier: Verifier },
): boolean {
  const set = verifier.setOf(header.epoch)
  const proposer = set && memberAt(set, header.proposer)
  return (
    proposer !== undefined &&
    header.chainId === verifier.chainId &&
    isLinked(header, { parent }) &&
    verifier.verify(proposer.consensusKey, headerMessage(header), signature)
  )
}

/** Does its logRoot stand for the blocks before it? Evidence proves ancestry by it, so nobody endorses a false one. */
export function isLogOf({ logRoot }: Header, ancestors: MountainRange): boolean {
  return rangeRoot(ancestors) === logRoot
}

/**
 * Is the header in its leader's term by right? The first block of a term stands on the tip that its LeaderCert names
 * (R2); the others are of the same leader, under the same certificate.
 */
export function isUnderLeaderCert(
  header: Header,
  { parent, certificate }: { parent: Header; certificate: LeaderCert | undefined },
): boolean {
  if (certificate === undefined || certificate.term !== header.term || certificate.candidate !== header.proposer)
    return false
  if (header.term === parent.term) return header.leaderCertHash === parent.leaderCertHash
  return isOpenedOn(header, { parent, certificate })
}

/** Of the first block of a term: does it stand where those who elected its leader said, and were they the ones to ask? */
export function isOpenedOn(
  { epoch, parentHash }: Header,
  { parent, certificate }: { parent: Pick<Header, 'epoch' | 'term' | 'height'>; certificate: LeaderCert },
): boolean {
  const { tip } = certificate
  // Elected for the block's epoch; or for the one before, which ended before the leader made its first block.
  if (certificate.epoch !== epoch && certificate.epoch !== parent.epoch) return false
  return tip.hash === parentHash && tip.height === parent.height && tip.term === parent.term
}

/**
 * Do the transactions, and in the first block of an epoch its certificate, belong to the header? Else their sender, not the
 * proposer, is to blame.
 */
export function isBodyOf(block: Block, { parent }: { parent: Header }): boolean {
  const { header, transactions } = block
  return transactionRoot(transactions) === header.txRoot && isOpenedBy(block, { parent })
}

/** The first block of an epoch, and no other, carries the certificate that its header names. */
export function isOpenedBy({ header, epochCert }: Block, { parent }: { parent: Header }): boolean {
  const opensEpoch = header.epoch > parent.epoch
  return epochCert === null ? !opensEpoch : opensEpoch && commitCertHash(epochCert) === header.commitCertHash
}

/** Of the first block of an epoch: is its certificate valid, and of the epoch before? Null where there is nothing wrong. */
export function epochCertFault({ header, epochCert }: Block, verifier: Verifier): CertificateFault | null {
  if (epochCert === null) return null
  return epochCert.epoch === header.epoch - 1 ? commitCertFault(epochCert, verifier) : 'foreignEpoch'
}
