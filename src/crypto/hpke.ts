// Sealing to a recipient's X25519 key: HPKE (RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
// ChaCha20Poly1305, one message per encapsulation. It hides and binds content; it says nothing about who sent it.
// The protocol is @hpke/core over WebCrypto; the AEAD comes from @noble/ciphers, since WebCrypto in browsers has none.

import {
  type AeadEncryptionContext,
  AeadId,
  type AeadInterface,
  CipherSuite,
  DhkemX25519HkdfSha256,
  EncapError,
  HkdfSha256,
} from '@hpke/core'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { badArgument, checkBytes, notAuthentic } from './errors.ts'
import { randomBytes } from './random.ts'

export const SEALING_KEY_BYTES = 32

export interface SealingKeyPair {
  readonly secretKey: Uint8Array
  readonly publicKey: Uint8Array
}

export interface Sealed {
  /** The encapsulated ephemeral public key, 32 bytes. */
  readonly enc: Uint8Array
  /** As long as the plaintext plus 16 bytes. */
  readonly ciphertext: Uint8Array
}

/** An X25519 key pair from 32 secret bytes, by default random ones. */
export function generateSealingKeyPair(secretKey: Uint8Array = randomBytes(SEALING_KEY_BYTES)): SealingKeyPair {
  checkBytes('secretKey', secretKey, SEALING_KEY_BYTES)
  return { secretKey, publicKey: x25519.getPublicKey(secretKey) }
}

/**
 * Seals `plaintext` to a public key. `info` binds the occasion (which decision, which record), `aad` anything else that
 * both sides know; opening needs the same. Refuses public keys of small order: everybody could open what is sealed to one.
 */
export async function seal(
  recipientPublicKey: Uint8Array,
  { info, aad, plaintext }: { info: Uint8Array; aad: Uint8Array; plaintext: Uint8Array },
): Promise<Sealed> {
  checkBytes('recipientPublicKey', recipientPublicKey, SEALING_KEY_BYTES)
  checkBytes('info', info)
  checkBytes('aad', aad)
  checkBytes('plaintext', plaintext)
  const publicKey = await suite.kem.deserializePublicKey(recipientPublicKey)
  try {
    const { enc, ct } = await suite.seal({ recipientPublicKey: publicKey, info }, plaintext, aad)
    return { enc: new Uint8Array(enc), ciphertext: new Uint8Array(ct) }
  } catch (cause) {
    if (cause instanceof EncapError)
      throw badArgument('recipientPublicKey', 'expected a key that is not of small order')
    throw cause
  }
}

/** The plaintext; `NOT_AUTHENTIC` where key, info, aad, enc or ciphertext is not the one of sealing. */
export async function open(
  recipientSecretKey: Uint8Array,
  { info, aad, enc, ciphertext }: Sealed & { info: Uint8Array; aad: Uint8Array },
): Promise<Uint8Array> {
  checkBytes('recipientSecretKey', recipientSecretKey, SEALING_KEY_BYTES)
  checkBytes('info', info)
  checkBytes('aad', aad)
  checkBytes('enc', enc, SEALING_KEY_BYTES)
  checkBytes('ciphertext', ciphertext)
  const recipientKey = await suite.kem.deserializePrivateKey(recipientSecretKey)
  try {
    return new Uint8Array(await suite.open({ recipientKey, enc, info }, ciphertext, aad))
  } catch (cause) {
    throw notAuthentic('ciphertext', { cause })
  }
}

class ChaCha20Poly1305 implements AeadInterface {
  readonly id = AeadId.Chacha20Poly1305
  readonly keySize = 32
  readonly nonceSize = 12
  readonly tagSize = 16

  createEncryptionContext(key: ArrayBufferLike | ArrayBufferView): AeadEncryptionContext {
    return {
      seal: async (iv, data, aad) =>
        asBuffer(chacha20poly1305(asBytes(key), asBytes(iv), asBytes(aad)).encrypt(asBytes(data))),
      open: async (iv, data, aad) =>
        asBuffer(chacha20poly1305(asBytes(key), asBytes(iv), asBytes(aad)).decrypt(asBytes(data))),
    }
  }
}

function asBytes(source: ArrayBufferLike | ArrayBufferView): Uint8Array {
  if (!ArrayBuffer.isView(source)) return new Uint8Array(source)
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
}

function asBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

/** Exported for the vectors of the RFC, which fix the ephemeral key. */
export const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new ChaCha20Poly1305(),
})
