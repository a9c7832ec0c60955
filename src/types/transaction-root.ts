// txRoot: the Merkle root over the signed bytes of a block's transactions. A follower needs it twice, to check the body and to
// execute it; the list of one block never changes.

import { merkleRoot } from '../crypto/merkle.ts'
import type { Hash } from './brand.ts'
import type { SignedTransaction } from './transaction.ts'

const known = new WeakMap<readonly SignedTransaction[], Hash>()

export function transactionRoot(transactions: readonly SignedTransaction[]): Hash {
  const kept = known.get(transactions)
  if (kept !== undefined) return kept
  const root = merkleRoot(transactions.map(({ bytes }) => bytes))
  known.set(transactions, root)
  return root
}
