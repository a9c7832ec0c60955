// A node's transport key, in the project's form and in libp2p's. A libp2p peer id of an Ed25519 key contains the key,
// so both directions need no directory.

import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { publicKeyOf } from '../crypto/ed25519.ts'
import { asPublicKey, type PublicKey } from '../types/brand.ts'
import { P2pError } from './errors.ts'

const SEED_BYTES = 32

/** `seed`: the 32 bytes of RFC 8032. libp2p wants them with the public key behind. */
export function libp2pKeyOf(seed: Uint8Array): { privateKey: PrivateKey; transportKey: PublicKey } {
  if (seed.length !== SEED_BYTES) {
    throw new P2pError('key-invalid', `transport seed: expected ${SEED_BYTES} bytes, got ${seed.length}`)
  }
  const publicKey = publicKeyOf(seed)
  const raw = new Uint8Array(2 * SEED_BYTES)
  raw.set(seed)
  raw.set(publicKey, SEED_BYTES)
  return { privateKey: privateKeyFromRaw(raw), transportKey: asPublicKey(publicKey.toHex()) }
}

export function peerIdOf(transportKey: PublicKey): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(Uint8Array.fromHex(transportKey)))
}

/** Null: an identity that is no Ed25519 key, and therefore nobody's here. */
export function transportKeyOf(peerId: PeerId): PublicKey | null {
  return peerId.type === 'Ed25519' ? asPublicKey(peerId.publicKey.raw.toHex(), 'peer id') : null
}
