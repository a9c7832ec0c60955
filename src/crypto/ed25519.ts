// Ed25519 with one validity rule. Whether a signature is valid decides what stands on the chain, so every node must
// give the same verdict on every byte string, whatever library it runs.
//
// The rule. A signature R || S by public key A over message M is valid if and only if
//   1. A is 32 bytes, R || S is 64 bytes;
//   2. S < L (no second signature by adding the group order; RFC 8032, 5.1.7);
//   3. A and R are canonical encodings: y < p, and no sign bit where x = 0;
//   4. neither A nor R is one of the 8 points of small order (a small A signs every message);
//   5. A is a point of the curve, and [S]B - [k]A, k = SHA-512(R || A || M) mod L, encodes to exactly the bytes of R
//      (the cofactorless equation).
// That is libsodium's rule. The cofactorless equation is not "safer" than the cofactored one; it is what the fast
// libraries compute. A with a small-order component besides its large one is allowed: refusing it costs a scalar
// multiplication, and whoever holds such a key can do nothing but fail to sign. Source: Chalkias, Garillot, Nikolaenko,
// "Taming the many EdDSAs", 2020; its vectors are in ed25519-speccheck.test.ts.
//
// Points 1 to 4 are `isAdmissible`, here, for every backend; point 5 is the backend's.

import { backend } from '#crypto-backend'
import type { PublicKey } from '../types/brand.ts'
import { checkBytes } from './errors.ts'
import { randomBytes } from './random.ts'

export const SEED_BYTES = 32
export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

export interface KeyPair {
  /** The 32-byte secret of RFC 8032; everything else is derived from it. */
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
}

export interface Signer {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** A key pair from a 32-byte seed, by default a random one. */
export function generateKeyPair(seed: Uint8Array = randomBytes(SEED_BYTES)): KeyPair {
  return { seed, publicKey: publicKeyOf(seed) }
}

/** The 32-byte public key of a 32-byte seed. */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  checkBytes('seed', seed, SEED_BYTES)
  return backend.ed25519PublicKey(seed)
}

/** Signs many messages by one key: half the work of `sign`, which derives the public key each time. */
export function createSigner(seed: Uint8Array): Signer {
  const publicKey = publicKeyOf(seed)
  const secretKey = new Uint8Array(SEED_BYTES + PUBLIC_KEY_BYTES)
  secretKey.set(seed)
  secretKey.set(publicKey, SEED_BYTES)
  return {
    publicKey,
    sign(message) {
      checkBytes('message', message)
      return backend.ed25519Sign(secretKey, message)
    },
  }
}

/** The 64-byte signature of `message` by a 32-byte seed. Deterministic (RFC 8032). */
export function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return createSigner(seed).sign(message)
}

/** The rule above. Never throws: anything that is not three byte strings of the right lengths is an invalid signature. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return (
    message instanceof Uint8Array &&
    isAdmissible(publicKey, signature) &&
    backend.ed25519Equation(publicKey, message, signature)
  )
}

/** Keys of senders and validators come again and again. */
const KEYS_KEPT_MAX = 1_024
const keys = new Map<PublicKey, Uint8Array>()

/** `verify` by a key as the protocol writes it. */
export function verifyBy(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  let bytes = keys.get(key)
  if (bytes === undefined) {
    if (keys.size >= KEYS_KEPT_MAX) keys.clear()
    bytes = Uint8Array.fromHex(key)
    keys.set(key, bytes)
  }
  return verify(bytes, message, signature)
}

/** Points 1 to 4 of the rule: lengths, S < L, canonical A and R, none of small order. */
export function isAdmissible(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey instanceof Uint8Array &&
    signature instanceof Uint8Array &&
    publicKey.length === PUBLIC_KEY_BYTES &&
    signature.length === SIGNATURE_BYTES &&
    compare(signature, 32, GROUP_ORDER) < 0 &&
    isAdmissiblePoint(publicKey) &&
    isAdmissiblePoint(signature)
  )
}

// Little-endian, like everything in Ed25519.
const GROUP_ORDER = Uint8Array.fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
const FIELD_PRIME = Uint8Array.fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')

// The y coordinates of the 8 points of small order; points of both signs of x share one.
const SMALL_ORDER_Y = [
  '0100000000000000000000000000000000000000000000000000000000000000', // order 1
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // order 2
  '0000000000000000000000000000000000000000000000000000000000000000', // order 4
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', // order 8
].map((hex) => Uint8Array.fromHex(hex))

/**
 * The first 32 bytes: canonical and not of small order. x = 0 only where y is 1 or -1, both of small order, so "no sign bit
 * where x = 0" needs no test of its own.
 */
function isAdmissiblePoint(encoded: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) y[i] = encoded[i] as number
  y[31] = (y[31] as number) & 0x7f
  return compare(y, 0, FIELD_PRIME) < 0 && !SMALL_ORDER_Y.some((small) => compare(y, 0, small) === 0)
}

/** Reused by every call: of no use to anybody after it. */
const y = new Uint8Array(32)

/** Compares two 32-byte little-endian integers: negative, zero or positive. Public data: no constant time needed. */
function compare(a: Uint8Array, from: number, b: Uint8Array): number {
  for (let i = 31; i >= 0; i--) {
    const difference = (a[from + i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}
