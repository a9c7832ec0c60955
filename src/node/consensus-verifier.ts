// Signatures of validators, verified once: an ack comes alone, again in its certificate, and again with every copy of a
// header that gossip brings. Ed25519 is 100 us, a look-up 1 us. Only valid ones are kept, with all that the verdict depends
// on.

import type { Verifier } from '../consensus/certificate.ts'
import { verifyBy } from '../crypto/ed25519.ts'
import type { PublicKey } from '../types/brand.ts'
import { sameBytes } from '../types/canonical-bytes.ts'

/** Acks, headers and votes of the last few hundred blocks. */
const KEPT_MAX = 4_096

interface Verified {
  readonly key: PublicKey
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** A place to look a signature up by. Two that share one push each other out. */
function placeOf(signature: Uint8Array): number {
  const at = (index: number): number => signature[index] ?? 0
  return at(0) | (at(1) << 8) | (at(2) << 16) | ((at(3) & 0x3f) << 24)
}

const isSame = (known: Verified, { key, message, signature }: Verified): boolean =>
  known.key === key && sameBytes(known.signature, signature) && sameBytes(known.message, message)

export function createConsensusVerifier({ chainId, setOf }: Pick<Verifier, 'chainId' | 'setOf'>): Verifier {
  let young = new Map<number, Verified>()
  let old = new Map<number, Verified>()
  return {
    chainId,
    setOf,
    verify(key, message, signature) {
      const place = placeOf(signature)
      const known = young.get(place) ?? old.get(place)
      const shown = { key, message, signature }
      if (known !== undefined && isSame(known, shown)) return true
      if (!verifyBy(key, message, signature)) return false
      if (young.size >= KEPT_MAX / 2) {
        old = young
        young = new Map()
      }
      young.set(place, shown)
      return true
    },
  }
}
