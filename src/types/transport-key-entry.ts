// Where the contract `registry` keeps whose transport key one is: `transports: map<key, Owner>`, an entry for every key that
// is registered and not revoked. Read as bytes, without running the contract, by whoever is shown a registration.
// spec/contracts.md, "registry".

import type { IdentityId, PublicKey } from './brand.ts'
import { fromBytes, identityId, tuple, uint } from './canonical.ts'

/** Contract and state; the key follows. spec/clause.md, "State in bytes". */
const PREFIX = new TextEncoder().encode('registry\0transports\0')

/** Key of the state entry of a transport key. */
export function transportKeyEntryKey(transportKey: PublicKey): Uint8Array {
  const key = new Uint8Array(PREFIX.length + 32)
  key.set(PREFIX)
  key.set(Uint8Array.fromHex(transportKey), PREFIX.length)
  return key
}

// A record is the list of its fields.
const entryCodec = tuple(identityId, uint)

/** The institution whose key it is. Throws DecodeError for what is no such entry. */
export function decodeTransportKeyEntry(entry: Uint8Array): IdentityId {
  return fromBytes(entryCodec, entry)[0]
}
