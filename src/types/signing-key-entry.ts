// Where the contract `registry` keeps a key of an identity, and how: `keys: map<(identity: id, keyId: int), Key>`. Read as
// bytes, without running the contract, by whoever checks offline that a signature is not by a sender's key.
// spec/contracts.md, "registry".

import type { IdentityId, PublicKey } from './brand.ts'
import { fromBytes, optional, publicKey, tuple, uint } from './canonical.ts'

/** Contract and state; the identity and the number of its key follow. spec/clause.md, "State in bytes". */
const PREFIX = new TextEncoder().encode('registry\0keys\0')
const IDENTITY_BYTES = 32

/** Key of the state entry of an identity's key. */
export function signingKeyEntryKey(identity: IdentityId, keyId: number): Uint8Array {
  const key = new Uint8Array(PREFIX.length + IDENTITY_BYTES + 8)
  key.set(PREFIX)
  key.set(Uint8Array.fromHex(identity), PREFIX.length)
  // Integers are ordered with their sign: 2^63 is added.
  new DataView(key.buffer).setBigInt64(PREFIX.length + IDENTITY_BYTES, BigInt(keyId) ^ (-1n << 63n))
  return key
}

/** Position of `signing` in the contract's `KeyKind`. */
const SIGNING = 0
// A record is the list of its fields.
const entryCodec = tuple(uint, publicKey, optional(uint))

/** Null for a key of another kind, and for one that was revoked. Throws DecodeError for what is no such entry. */
export function decodeSigningKeyEntry(entry: Uint8Array): PublicKey | null {
  const [kind, key, revokedAt] = fromBytes(entryCodec, entry)
  return kind === SIGNING && revokedAt === null ? key : null
}
