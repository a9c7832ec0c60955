// Who signs for a client: a port, so that the key may live in a file, a module or a browser's store.

import { randomBytes } from '../crypto/random.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { type ReadReason, type SignedRead, signRead, type TimeRange } from '../types/signed-read.ts'
import type { Sign } from '../types/signing.ts'

export interface Signer {
  readonly identity: IdentityId
  /** Number of the signing key in the registry. */
  readonly keyId: number
  /** Ed25519 over the message as it is; 64 bytes. */
  readonly sign: Sign
}

/** On whose behalf and why somebody reads what concerns a patient. */
export interface ReadRequest {
  readonly signer: Signer
  readonly reason: ReadReason
  readonly range?: TimeRange | null
}

/** How long a signed read is good for presenting: clocks of client and node may differ by minutes. */
const READ_LIFETIME_MS = 300_000

/** A signed read as the RPC takes it. */
export function createRead(
  { signer, reason, range = null }: ReadRequest,
  { chainId, subject }: { chainId: Hash; subject: IdentityId | null },
) {
  const read: SignedRead = signRead(
    {
      version: 1,
      chainId,
      reader: signer.identity,
      keyId: signer.keyId,
      subject,
      reason,
      range,
      nonce: randomBytes(32).toHex() as Hash,
      expiresAtMs: Date.now() + READ_LIFETIME_MS,
    },
    signer.sign,
  )
  return { ...read, signature: read.signature.toHex() }
}
