// Why a block was refused, for others to see: the transaction under the block's txRoot and, where its signature is what is
// bad, the sender's key in the state before the block. consensus/evidence/bad-transaction.ts checks it.

import { type BadTransaction, TRANSACTION_BYTES_SHOWN_MAX } from '../consensus/evidence/bad-transaction.ts'
import { createMerkleProof } from '../crypto/merkle.ts'
import type { Block } from '../types/block.ts'
import { signingKeyEntryKey } from '../types/signing-key-entry.ts'
import type { BlockNode } from './block-node.ts'
import { toByteString } from './byte-string.ts'
import type { BlockRefusal, TransactionRefusalCode } from './errors.ts'
import { proveState } from './prove-state.ts'

/** What bytes and header show, and what needs the sender's key besides. Of a duplicate there is nothing to show. */
const SHOWN_BY: Partial<Record<TransactionRefusalCode, 'terms' | 'key'>> = {
  WRONG_CHAIN: 'terms',
  GAS_LIMIT: 'terms',
  EXPIRED: 'terms',
  EXPIRES_TOO_LATE: 'terms',
  UNKNOWN_SENDER: 'key',
  KEY_REVOKED: 'key',
  BAD_SIGNATURE: 'key',
}

/** Undefined where the refusal is about something else, or the transaction is too large to be shown. */
export function showBadTransaction(
  { transactions }: Block,
  { index, transaction }: BlockRefusal,
  parent: Pick<BlockNode, 'header' | 'state'>,
): BadTransaction | undefined {
  const bad = index === undefined ? undefined : transactions[index]
  const shownBy = transaction && SHOWN_BY[transaction.code]
  if (bad === undefined || shownBy === undefined || bad.bytes.length > TRANSACTION_BYTES_SHOWN_MAX) return undefined
  const place = createMerkleProof(
    transactions.map(({ bytes }) => bytes),
    index as number,
  )
  if (shownBy === 'terms') return { ...place, bytes: bad.bytes, signer: null }
  const { sender, keyId } = bad.transaction
  const key = signingKeyEntryKey(sender, keyId)
  const { header, state } = parent
  const signer = { parent: header, entry: state.get(toByteString(key)) ?? null, proof: proveState(state, key) }
  return { ...place, bytes: bad.bytes, signer }
}
