// Signatures of validators, verified once: an ack comes alone, again in its certificate, and again with every copy of a
// header that gossip brings. Ed25519 is 100 us, a look-up 1 us. Only valid ones are kept, with all that the verdict depends
// on.

import type { Verifier } from '../consensus/certificate.ts'
import { verifyBy } from '../crypto/ed25519.ts'
import type { PublicKey } from '../types/brand.ts'

/** Acks, headers and votes of the last few hundred blocks. */
const KEPT_MAX = 4_096

interface Verified {
  readonly key: PublicKey
  readonly message: Uint8Array
}

export function createConsensusVerifier({ chainId, setOf }: Pick<Verifier, 'chainId' | 'setOf'>): Verifier {
  let young = new Map<string, Verified>()
  let old = new Map<string, Verified>()
  return {
    chainId,
    setOf,
    verify(key, message, signature) {
      const name = signature.toHex()
      const known = young.get(name) ?? old.get(name)
      if (known?.key === key && Buffer.compare(known.message, message) === 0) return true
      if (!verifyBy(key, message, signature)) return false
      if (young.size >= KEPT_MAX / 2) {
        old = young
        young = new Map()
      }
      young.set(name, { key, message })
      return true
    },
  }
}
