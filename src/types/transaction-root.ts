// txRoot: the Merkle root over the signed bytes of a block's transactions. A follower needs it twice, to check the body and to
// execute it; the list of one block never changes.

import { merkleRoot } from '../crypto/merkle.ts'
import type { Hash } from './brand.ts'
import { remembered } from './remembered.ts'
import type { SignedTransaction } from './transaction.ts'

export const transactionRoot: (transactions: readonly SignedTransaction[]) => Hash = remembered((transactions) =>
  merkleRoot(transactions.map(({ bytes }) => bytes)),
)

/** Of a block without transactions. */
export const EMPTY_ROOT: Hash = merkleRoot([])
