// Signatures of simulated runs, put in place of the platform's by hooks.ts. A keyed hash: 64 bytes that nobody can make
// without the secret, which only this file can look up. Whoever holds a signer signs with that one key; a liar cannot read
// anybody else's. One seed in 50 signs with real Ed25519.

import { hash } from 'node:crypto'
import type { CryptoBackend } from '../../src/crypto/backend.ts'
import { backend as platform } from '../../src/crypto/backend-node.ts'

export type Scheme = 'keyedHash' | 'ed25519'

let scheme: Scheme = 'ed25519'

/** For all signatures from now on; keys are of one scheme. */
export function chooseScheme(chosen: Scheme): void {
  scheme = chosen
}

const secrets = new Map<string, Uint8Array>()

function keyedHash(secret: Uint8Array, message: Uint8Array): Uint8Array {
  const keyed = new Uint8Array(secret.length + message.length)
  keyed.set(secret)
  keyed.set(message, secret.length)
  const half = Uint8Array.fromHex(hash('sha256', keyed, 'hex'))
  const signature = new Uint8Array(64)
  signature.set(half)
  signature.set(half, 32)
  // Passes for two canonical encodings, as ed25519.ts wants them: below the field prime, below the group order.
  signature[31] = (signature[31] as number) & 0x3f
  signature[63] = (signature[63] as number) & 0x0f
  return signature
}

export const backend: CryptoBackend = {
  ...platform,

  ed25519PublicKey(seed) {
    if (scheme === 'ed25519') return platform.ed25519PublicKey(seed)
    const publicKey = keyedHash(seed, new Uint8Array()).slice(0, 32)
    secrets.set(publicKey.toHex(), seed.slice())
    return publicKey
  },

  ed25519Sign(secretKey, message) {
    if (scheme === 'ed25519') return platform.ed25519Sign(secretKey, message)
    return keyedHash(secretKey.subarray(0, 32), message)
  },

  ed25519Equation(publicKey, message, signature) {
    if (scheme === 'ed25519') return platform.ed25519Equation(publicKey, message, signature)
    const secret = secrets.get(publicKey.toHex())
    return secret !== undefined && Buffer.compare(keyedHash(secret, message), signature) === 0
  },
}
