// E7: a signed block that no honest proposer makes: a transaction with a bad signature or outside its window at the
// header's time, time not above the parent's, nothing in it within a term, broken parent or logRoot. Convicts the
// proposer, everyone who acked the block or a descendant and, for what a header alone shows, everyone who voted for a
// tip that contains it.
//
// An honest leader builds on its own executed chain, and an honest follower executes every block before it acks it or a
// descendant. A voter has headers only above its certified head, and checks each: links, times, logRoots (R3). The
// transactions behind them it may never have seen, so for these no vote convicts.

import { appendLeaf, isRange, rangeRoot } from '../../crypto/mountain-range.ts'
import { type Header, headerCodec, type SignedHeader, signedHeaderCodec } from '../../types/block.ts'
import type { Hash, Seat } from '../../types/brand.ts'
import { type Codec, hash, list, record, union } from '../../types/canonical.ts'
import { blockHash } from '../../types/signing.ts'
import type { Verifier } from '../certificate.ts'
import { isLinked } from '../header-rules.ts'
import { type BadTransaction, badTransactionCodec, isBadTransaction } from './bad-transaction.ts'
import { type Complicity, complicityCodec, guilty, isComplicit } from './complicity.ts'
import { isHeaderSigned } from './statements.ts'

/**
 * link: height, term, time or leadership do not follow from the parent's, or it is empty and opens no term.
 * log: logRoot is not that of the parent's range (`peaks`) with the parent appended.
 */
export type BlockFault =
  | { readonly kind: 'link'; readonly parent: Header }
  | { readonly kind: 'log'; readonly parent: Header; readonly peaks: readonly Hash[] }
  | ({ readonly kind: 'transaction' } & BadTransaction)

export interface E7 {
  readonly kind: 'E7'
  readonly header: SignedHeader
  readonly fault: BlockFault
  readonly complicity: readonly Complicity[]
}

/** One for every bit of a height. */
const PEAKS_MAX = 52

const faultCodec: Codec<BlockFault> = union<BlockFault>({
  link: record<{ parent: Header }>({ parent: headerCodec }),
  log: record<{ parent: Header; peaks: readonly Hash[] }>({ parent: headerCodec, peaks: list(hash, PEAKS_MAX) }),
  transaction: badTransactionCodec,
})

export const e7Codec: Codec<Omit<E7, 'kind'>> = record<Omit<E7, 'kind'>>({
  header: signedHeaderCodec,
  fault: faultCodec,
  complicity: complicityCodec,
})

export function convictE7(
  { header: signed, fault, complicity }: Omit<E7, 'kind'>,
  verifier: Verifier,
): readonly Seat[] {
  const { header } = signed
  if (!isFaulty(header, { fault, verifier }) || !isHeaderSigned(signed, verifier)) return []
  const block = { height: header.height, hash: blockHash(header) }
  return guilty(header.proposer, complicity, (accomplice) =>
    isComplicit(accomplice, {
      block,
      counts: (word) => word.kind === 'ack' || fault.kind !== 'transaction',
      verifier,
    }),
  )
}

function isFaulty(header: Header, { fault, verifier }: { fault: BlockFault; verifier: Verifier }): boolean {
  if (fault.kind === 'transaction') return isBadTransaction(fault, { header, verifier })
  const { parent } = fault
  const parentHash = blockHash(parent)
  if (parentHash !== header.parentHash) return false
  if (fault.kind === 'link') return !isLinked(header, { parent: { header: parent, hash: parentHash } })
  return isFalseLog(header, { parent, parentHash, peaks: fault.peaks })
}

function isFalseLog(
  { logRoot }: Header,
  { parent, parentHash, peaks }: { parent: Header; parentHash: Hash; peaks: readonly Hash[] },
): boolean {
  const range = { size: parent.height, peaks }
  if (!isRange(range) || rangeRoot(range) !== parent.logRoot) return false
  return rangeRoot(appendLeaf(range, parentHash).range) !== logRoot
}
