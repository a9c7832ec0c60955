// The backend in a browser, and the reference that the Node backend is tested against: pure TypeScript libraries.

import { ed25519 } from '@noble/curves/ed25519.js'
import { scrypt } from '@noble/hashes/scrypt.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { CryptoBackend } from './backend.ts'

const { Point } = ed25519
type Point = InstanceType<typeof Point>

function pointOf(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes)
  } catch {
    return undefined // not on the curve, which noble reports only by throwing
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toReversed().toHex()}`)
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

export const backend: CryptoBackend = {
  name: 'noble',

  sha256(bytes) {
    return sha256(bytes)
  },

  sha256Hex(bytes) {
    return sha256(bytes).toHex()
  },

  ed25519PublicKey(seed) {
    return ed25519.getPublicKey(seed)
  },

  ed25519Sign(secretKey, message) {
    return ed25519.sign(message, secretKey.subarray(0, 32))
  },

  // Not ed25519.verify(): that one multiplies by the cofactor and so accepts signatures that libsodium refuses.
  ed25519Equation(publicKey, message, signature) {
    const a = pointOf(publicKey)
    if (a === undefined) return false
    const r = signature.subarray(0, 32)
    const s = littleEndian(signature.subarray(32))
    const digest = sha512.create().update(r).update(publicKey).update(message).digest()
    const k = littleEndian(digest) % Point.Fn.ORDER
    const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k))
    return areEqual(expected.toBytes(), r)
  },

  scrypt(passphrase, salt, { cost, blockSize, parallelism }) {
    const maxmem = 128 * blockSize * (cost + parallelism) + 1024 * 1024
    return scrypt(passphrase, salt, { N: cost, r: blockSize, p: parallelism, dkLen: 32, maxmem })
  },
}
