// Signatures of simulated runs, put in place of the platform's by hooks.ts. A keyed hash: 64 bytes that nobody can make
// without the secret, which only this file can look up. Whoever holds a signer signs with that one key; a liar cannot read
// anybody else's. No liar here is a cryptanalyst: the hash is one that mixes well and takes 0.5 us. One seed in 50 signs with
// real Ed25519.

import type { CryptoBackend } from '../../src/crypto/backend.ts'
import { backend as platform } from '../../src/crypto/backend-node.ts'

export type Scheme = 'keyedHash' | 'ed25519'

let scheme: Scheme = 'ed25519'

/** For all signatures from now on; keys are of one scheme. */
export function chooseScheme(chosen: Scheme): void {
  scheme = chosen
}

const secrets = new Map<string, Uint8Array>()
/** Of key bytes that were asked for before. */
const secretsOf = new WeakMap<Uint8Array, Uint8Array>()

function secretOf(publicKey: Uint8Array): Uint8Array | undefined {
  const known = secretsOf.get(publicKey)
  if (known !== undefined) return known
  const secret = secrets.get(publicKey.toHex())
  if (secret !== undefined) secretsOf.set(publicKey, secret)
  return secret
}

/** Two words that every bit of what went in has mixed with (murmur3's constants). */
type Mixed = Int32Array<ArrayBuffer>

/** Into `mixed`. */
function mix(mixed: Mixed, bytes: Uint8Array): void {
  const { length } = bytes
  let left = mixed[0] as number
  let right = mixed[1] as number
  for (let at = 0; at <= length; at += 4) {
    // The rest, and in any case the length.
    const word = at + 4 <= length ? wordAt(bytes, at) : restOf(bytes, at)
    const first = Math.imul(left ^ word, 0xcc9e2d51)
    const second = Math.imul(right ^ word, 0x1b873593)
    left = second ^ (first >>> 15)
    right = (first + (second ^ (second >>> 13))) | 0
  }
  mixed[0] = left
  mixed[1] = right
}

function wordAt(bytes: Uint8Array, at: number): number {
  const byte = (index: number): number => bytes[at + index] as number
  return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)
}

function restOf(bytes: Uint8Array, from: number): number {
  let rest = bytes.length
  for (let at = from; at < bytes.length; at++) rest = (rest << 8) ^ (bytes[at] as number)
  return rest
}

const mixed: Mixed = new Int32Array(2)
const STIR = new Uint8Array(16)

/** Into `signature`. */
function keyedHash(secret: Uint8Array, message: Uint8Array, signature: Uint8Array): Uint8Array {
  mixed.fill(0x243f6a88)
  mix(mixed, secret)
  mix(mixed, message)
  mix(mixed, STIR)
  for (let at = 0; at < 64; at += 4) {
    const left = Math.imul((mixed[0] as number) ^ at, 0x85ebca6b)
    const right = Math.imul((mixed[1] as number) ^ left, 0xc2b2ae35)
    const word = right ^ (left >>> 15)
    mixed[0] = word
    mixed[1] = (left + (right >>> 13)) | 0
    signature[at] = word
    signature[at + 1] = word >>> 8
    signature[at + 2] = word >>> 16
    signature[at + 3] = word >>> 24
  }
  // Passes for two canonical encodings, as ed25519.ts wants them: below the field prime, below the group order.
  signature[31] = (signature[31] as number) & 0x3f
  signature[63] = (signature[63] as number) & 0x0f
  return signature
}

/** Reused by every check. */
const expected = new Uint8Array(64)

export const backend: CryptoBackend = {
  ...platform,

  ed25519PublicKey(seed) {
    if (scheme === 'ed25519') return platform.ed25519PublicKey(seed)
    const publicKey = keyedHash(seed, new Uint8Array(), new Uint8Array(64)).slice(0, 32)
    secrets.set(publicKey.toHex(), seed.slice())
    return publicKey
  },

  ed25519Sign(secretKey, message) {
    if (scheme === 'ed25519') return platform.ed25519Sign(secretKey, message)
    return keyedHash(secretKey.subarray(0, 32), message, new Uint8Array(64))
  },

  ed25519Equation(publicKey, message, signature) {
    if (scheme === 'ed25519') return platform.ed25519Equation(publicKey, message, signature)
    const secret = secretOf(publicKey)
    return secret !== undefined && Buffer.compare(keyedHash(secret, message, expected), signature) === 0
  },
}
