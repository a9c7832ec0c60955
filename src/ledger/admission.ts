// What makes a transaction valid: once at a mempool's door with the node's clock, and again, with the block's time and
// the parent's state, in every block on every validator. spec/ledger.md, "Admission".

import type { Hash } from '../types/brand.ts'
import { EXPIRY_WINDOW_MS, TRANSACTION_GAS_MAX } from '../types/limits.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { type TermsFault, termsFault } from '../types/transaction-terms.ts'
import type { TransactionRefusal, TransactionRefusalCode } from './errors.ts'
import type { SignerOf } from './signer.ts'
import type { VerdictCache } from './verdict-cache.ts'

export function refuse(code: TransactionRefusalCode, message: string): TransactionRefusal {
  return { code, message }
}

/** What can be seen without state: chain, gas limit, and the window in which the transaction may be in a block. */
export function checkTerms(
  { transaction }: SignedTransaction,
  at: { readonly chainId: Hash; readonly timeMs: number },
): TransactionRefusal | undefined {
  const fault = termsFault(transaction, at)
  return fault === null ? undefined : refuse(fault, TERMS_TEXT[fault])
}

const TERMS_TEXT: Readonly<Record<TermsFault, string>> = {
  WRONG_CHAIN: 'chainId: the transaction was made for another chain',
  GAS_LIMIT: `gasLimit: expected 1 to ${TRANSACTION_GAS_MAX}`,
  EXPIRED: 'expiresAtMs: has passed; sign a new transaction with a later one',
  EXPIRES_TOO_LATE: `expiresAtMs: at most ${EXPIRY_WINDOW_MS} ms ahead accepted`,
}

/** Sender, key and signature, in this order: the arithmetic comes last. */
export function checkSigner(
  signed: SignedTransaction,
  by: { readonly signerOf: SignerOf; readonly verdicts: VerdictCache },
): TransactionRefusal | undefined {
  const { sender, keyId } = signed.transaction
  const signer = by.signerOf(sender, keyId)
  if (signer === undefined) return refuse('UNKNOWN_SENDER', 'sender, keyId: no such signing key is registered')
  if (!signer.active) return refuse('KEY_REVOKED', 'keyId: the key has been revoked; sign with an active one')
  if (!by.verdicts.isSignedBy(signed, signer.key)) {
    return refuse('BAD_SIGNATURE', 'signature: is not by the registered key')
  }
  return undefined
}
