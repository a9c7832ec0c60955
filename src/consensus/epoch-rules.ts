// Which epoch a block may be of (spec/consensus.md, "Membership"). Asked by whoever has executed its parent: the core, and the
// ledger for those who follow without one.

import type { Block, Header } from '../types/block.ts'
import type { NextSet } from '../types/validator-set.ts'

/**
 * What is wrong, or null. While a change of the validators is pending after the parent, there follow opening blocks without
 * transactions, or the first block of the next epoch, whose certificate covers the block that decided the change. That
 * the certificate is valid, others have seen to.
 */
export function epochFault(
  { header, transactions, epochCert }: Block,
  { parent, nextSet }: { parent: Header; nextSet: NextSet | null },
): string | null {
  if (header.epoch === parent.epoch) {
    const isFree = nextSet === null || (header.term > parent.term && transactions.length === 0)
    return isFree ? null : 'more than an opening block while a change of the validators is pending'
  }
  if (nextSet === null || header.epoch !== nextSet.epoch) return 'of an epoch that no change of the validators made'
  const covers =
    epochCert !== null &&
    epochCert.epoch === parent.epoch &&
    epochCert.height >= nextSet.decidedAt &&
    epochCert.height <= parent.height
  return covers ? null : 'without a certificate that covers the change of the validators'
}
