// Signatures of validators, verified once: an ack comes alone, again in its certificate, and again with every copy of a
// header that gossip brings. Ed25519 is 100 us, a look-up 2 us. Only valid ones are kept, keyed by all that the verdict
// depends on.

import type { Verifier } from '../consensus/certificate.ts'
import { verify } from '../crypto/ed25519.ts'

/** Acks, headers and votes of the last few hundred blocks. */
const KEPT_MAX = 4_096

export function createConsensusVerifier({ chainId, setOf }: Pick<Verifier, 'chainId' | 'setOf'>): Verifier {
  let young = new Set<string>()
  let old = new Set<string>()
  return {
    chainId,
    setOf,
    verify(key, message, signature) {
      const name = `${key}${signature.toHex()}${message.toHex()}`
      if (young.has(name) || old.has(name)) return true
      if (!verify(Uint8Array.fromHex(key), message, signature)) return false
      if (young.size >= KEPT_MAX / 2) {
        old = young
        young = new Set()
      }
      young.add(name)
      return true
    },
  }
}
