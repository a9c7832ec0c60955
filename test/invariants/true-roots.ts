// What a certified header says of its block is what execution made of it: receipts, and the state that proofs of reading are
// checked against (spec/ledger.md, "Blocks"). Looked at every few heights: it takes hashing.

import { merkleRoot } from '../../src/crypto/merkle.ts'
import { toBytes } from '../../src/types/canonical.ts'
import { receiptCodec } from '../../src/types/receipt.ts'
import { type CreateInvariant, short } from './invariant.ts'

const HEIGHTS = 8

export const trueRoots: CreateInvariant = ({ receiptsOf, isStateOf, violate }) => ({
  name: 'true-roots',
  onCommit(by, blocks) {
    const last = blocks.at(-1)
    if (last === undefined || last.header.height % HEIGHTS !== 0) return
    const receipts = receiptsOf(by, last.header.height)
    const root = receipts && merkleRoot(receipts.map((receipt) => toBytes(receiptCodec, receipt)))
    const { receiptRoot } = last.header
    if (root !== undefined && root !== receiptRoot)
      violate(`seat ${by}: other receipts than the header of ${short(last.hash)} says`)
    if (isStateOf(by, last) === false) violate(`seat ${by}: another state than the header of ${short(last.hash)} says`)
  },
})
