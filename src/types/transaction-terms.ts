// What a transaction and a block time say about each other, without any state: chain, gas limit, and the window in which
// the transaction may stand in a block. spec/ledger.md, "Admission".

import type { Hash } from './brand.ts'
import { EXPIRY_WINDOW_MS, TRANSACTION_GAS_MAX } from './limits.ts'
import type { Transaction } from './transaction.ts'

export type TermsFault = 'WRONG_CHAIN' | 'GAS_LIMIT' | 'EXPIRED' | 'EXPIRES_TOO_LATE'

/** Null where the transaction may stand in a block of that time. */
export function termsFault(
  { chainId, gasLimit, expiresAtMs }: Transaction,
  at: { readonly chainId: Hash; readonly timeMs: number },
): TermsFault | null {
  if (chainId !== at.chainId) return 'WRONG_CHAIN'
  if (gasLimit < 1 || gasLimit > TRANSACTION_GAS_MAX) return 'GAS_LIMIT'
  if (expiresAtMs <= at.timeMs) return 'EXPIRED'
  return expiresAtMs > at.timeMs + EXPIRY_WINDOW_MS ? 'EXPIRES_TOO_LATE' : null
}
