// Encryption at rest, outside the chain: a record under a key of its own, that key wrapped by an institution's key, and
// that one taken from a passphrase. XChaCha20-Poly1305 throughout: its 24-byte nonce is long enough to be random, so no
// counter has to survive a crash. An encryption is nonce || ciphertext || 16-byte tag.
//
// Records and wrapped keys differ by a tag before the associated data, so one never opens as the other.

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { badArgument, checkBytes, notAuthentic } from './errors.ts'
import { taggedBytes } from './hash.ts'
import { randomBytes } from './random.ts'

export const RECORD_KEY_BYTES = 32
export const NONCE_BYTES = 24
/** What an encryption adds to the length of its plaintext. */
export const ENCRYPTION_OVERHEAD_BYTES = NONCE_BYTES + 16

const RECORD_TAG = 'assent/record/1'
const WRAPPED_KEY_TAG = 'assent/wrapped-key/1'

/** A fresh 32-byte key for one record. */
export function generateRecordKey(): Uint8Array {
  return randomBytes(RECORD_KEY_BYTES)
}

/**
 * Encrypts one record. `associatedData` is authenticated, not stored: decrypting needs the same bytes. `nonce` is for
 * tests; a nonce used twice with one key reveals both plaintexts.
 */
export function encryptRecord(
  key: Uint8Array,
  { plaintext, associatedData, nonce }: { plaintext: Uint8Array; associatedData: Uint8Array; nonce?: Uint8Array },
): Uint8Array {
  checkBytes('key', key, RECORD_KEY_BYTES)
  return encrypt(key, { tag: RECORD_TAG, plaintext, associatedData, nonce })
}

/** The plaintext; `NOT_AUTHENTIC` where key or associated data is another, or a byte was altered. */
export function decryptRecord(
  key: Uint8Array,
  { encrypted, associatedData }: { encrypted: Uint8Array; associatedData: Uint8Array },
): Uint8Array {
  checkBytes('key', key, RECORD_KEY_BYTES)
  return decrypt(key, { tag: RECORD_TAG, argument: 'encrypted', encrypted, associatedData })
}

/** Encrypts a 32-byte record key under a 32-byte wrapping key: 72 bytes. */
export function wrapKey(
  wrappingKey: Uint8Array,
  { key, associatedData, nonce }: { key: Uint8Array; associatedData: Uint8Array; nonce?: Uint8Array },
): Uint8Array {
  checkBytes('wrappingKey', wrappingKey, RECORD_KEY_BYTES)
  checkBytes('key', key, RECORD_KEY_BYTES)
  return encrypt(wrappingKey, { tag: WRAPPED_KEY_TAG, plaintext: key, associatedData, nonce })
}

/** The record key; `NOT_AUTHENTIC` as in `decryptRecord`. */
export function unwrapKey(
  wrappingKey: Uint8Array,
  { wrapped, associatedData }: { wrapped: Uint8Array; associatedData: Uint8Array },
): Uint8Array {
  checkBytes('wrappingKey', wrappingKey, RECORD_KEY_BYTES)
  checkBytes('wrapped', wrapped, RECORD_KEY_BYTES + ENCRYPTION_OVERHEAD_BYTES)
  return decrypt(wrappingKey, { tag: WRAPPED_KEY_TAG, argument: 'wrapped', encrypted: wrapped, associatedData })
}

interface Encryption {
  readonly tag: string
  readonly plaintext: Uint8Array
  readonly associatedData: Uint8Array
  readonly nonce: Uint8Array | undefined
}

function encrypt(
  key: Uint8Array,
  { tag, plaintext, associatedData, nonce = randomBytes(NONCE_BYTES) }: Encryption,
): Uint8Array {
  checkBytes('plaintext', plaintext)
  checkBytes('associatedData', associatedData)
  checkBytes('nonce', nonce, NONCE_BYTES)
  const ciphertext = xchacha20poly1305(key, nonce, taggedBytes(tag, associatedData)).encrypt(plaintext)
  const encrypted = new Uint8Array(NONCE_BYTES + ciphertext.length)
  encrypted.set(nonce)
  encrypted.set(ciphertext, NONCE_BYTES)
  return encrypted
}

interface Decryption {
  readonly tag: string
  /** What the caller calls `encrypted`, for its errors. */
  readonly argument: string
  readonly encrypted: Uint8Array
  readonly associatedData: Uint8Array
}

function decrypt(key: Uint8Array, { tag, argument, encrypted, associatedData }: Decryption): Uint8Array {
  checkBytes(argument, encrypted)
  checkBytes('associatedData', associatedData)
  if (encrypted.length < ENCRYPTION_OVERHEAD_BYTES) {
    throw badArgument(argument, `expected at least ${ENCRYPTION_OVERHEAD_BYTES} bytes, got ${encrypted.length}`)
  }
  const nonce = encrypted.subarray(0, NONCE_BYTES)
  try {
    return xchacha20poly1305(key, nonce, taggedBytes(tag, associatedData)).decrypt(encrypted.subarray(NONCE_BYTES))
  } catch (cause) {
    throw notAuthentic(argument, { cause })
  }
}
