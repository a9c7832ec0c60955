// Remembers the outcome of Ed25519 arithmetic, and nothing else. Keyed by exactly what the outcome depends on: signed
// bytes, signature and public key. Whose key it is, and whether it counts, is asked anew in every state.

import { verify } from '../crypto/ed25519.ts'
import type { PublicKey } from '../types/brand.ts'
import { transactionMessage } from '../types/signing.ts'
import type { SignedTransaction } from '../types/transaction.ts'

/** Entries per generation; two are kept. Covers a full mempool and the blocks in flight. */
const GENERATION_MAX = 32_768

export interface VerdictCache {
  /** Is the transaction signed by this key? */
  isSignedBy(transaction: SignedTransaction, key: PublicKey): boolean
  readonly checks: number
  readonly hits: number
}

export function createVerdictCache(generationMax: number = GENERATION_MAX): VerdictCache {
  let young = new Map<string, boolean>()
  let old = new Map<string, boolean>()
  let checks = 0
  let hits = 0

  const keep = (name: string, verdict: boolean): boolean => {
    if (young.size >= generationMax) {
      old = young
      young = new Map()
    }
    young.set(name, verdict)
    return verdict
  }

  return {
    isSignedBy(transaction, key) {
      // The id is the hash of the tagged signed bytes.
      const name = `${transaction.id}${key}${transaction.signature.toHex()}`
      const kept = young.get(name)
      if (kept !== undefined) {
        hits++
        return kept
      }
      const aged = old.get(name)
      if (aged !== undefined) {
        hits++
        return keep(name, aged)
      }
      checks++
      const message = transactionMessage(transaction.unsignedBytes)
      return keep(name, verify(Uint8Array.fromHex(key), message, transaction.signature))
    },
    get checks() {
      return checks
    },
    get hits() {
      return hits
    },
  }
}
