// Remembers valid outcomes of Ed25519 arithmetic, and nothing else, with exactly what the outcome depends on: signed
// bytes, signature and public key. Whose key it is, and whether it counts, is asked anew in every state.

import { verifyBy } from '../crypto/ed25519.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import { sameBytes } from '../types/canonical-bytes.ts'
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

interface Verified {
  readonly key: PublicKey
  readonly signature: Uint8Array
}

export function createVerdictCache(generationMax: number = GENERATION_MAX): VerdictCache {
  // By id, which is the hash of the tagged signed bytes.
  let young = new Map<Hash, Verified>()
  let old = new Map<Hash, Verified>()
  let checks = 0
  let hits = 0

  const keep = (id: Hash, verified: Verified): void => {
    if (young.size >= generationMax) {
      old = young
      young = new Map()
    }
    young.set(id, verified)
  }

  return {
    isSignedBy({ id, unsignedBytes, signature }, key) {
      const kept = young.get(id)
      const known = kept ?? old.get(id)
      if (known?.key === key && sameBytes(known.signature, signature)) {
        hits++
        if (kept === undefined) keep(id, known)
        return true
      }
      checks++
      if (!verifyBy(key, transactionMessage(unsignedBytes), signature)) return false
      keep(id, { key, signature })
      return true
    },
    get checks() {
      return checks
    },
    get hits() {
      return hits
    },
  }
}
