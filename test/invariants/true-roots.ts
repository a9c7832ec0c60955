// What a certified header says of its block is what execution made of it: receipts, and the state that proofs of reading are
// checked against (spec/ledger.md, "Blocks"). Looked at every few heights: it takes hashing. Receipts then come from the store:
// those of the latest blocks are in memory.

import { merkleRoot } from '../../src/crypto/merkle.ts'
import type { Block } from '../../src/types/block.ts'
import type { Seat } from '../../src/types/brand.ts'
import { toBytes } from '../../src/types/canonical.ts'
import { receiptCodec } from '../../src/types/receipt.ts'
import { type CreateInvariant, short } from './invariant.ts'

const HEIGHTS = 8

export const trueRoots: CreateInvariant = ({ receiptsOf, isStateOf, violate }) => {
  /** Certified at that member some heights ago. */
  const earlier = new Map<Seat, Block>()
  const checkReceipts = (by: Seat, { header, hash }: Block): void => {
    const receipts = receiptsOf(by, header.height)
    const root = receipts && merkleRoot(receipts.map((receipt) => toBytes(receiptCodec, receipt)))
    if (root !== undefined && root !== header.receiptRoot)
      violate(`seat ${by}: other receipts than the header of ${short(hash)} says`)
  }
  return {
    name: 'true-roots',
    onCommit(by, blocks) {
      const last = blocks.at(-1)
      if (last === undefined || last.header.height % HEIGHTS !== 0) return
      const before = earlier.get(by)
      if (before !== undefined) checkReceipts(by, before)
      earlier.set(by, last)
      if (isStateOf(by, last) === false)
        violate(`seat ${by}: another state than the header of ${short(last.hash)} says`)
    },
  }
}
