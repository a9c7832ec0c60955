import fc from 'fast-check'
import sodium from 'sodium-native'
import { describe, expect, test } from 'vitest'
import { taggedBytes } from './hash.ts'
import {
  decryptRecord,
  ENCRYPTION_OVERHEAD_BYTES,
  encryptRecord,
  generateRecordKey,
  unwrapKey,
  wrapKey,
} from './record-cipher.ts'

const text = (value: string) => new TextEncoder().encode(value)
const bytes = fc.uint8Array({ maxLength: 300 })
const key = generateRecordKey()
const associatedData = text('record, version, custodian, patient')
const notAuthentic = expect.objectContaining({ name: 'CryptoError', code: 'NOT_AUTHENTIC' })

function withBit(source: Uint8Array, bit: number): Uint8Array {
  const flipped = source.slice()
  const at = bit % (source.length * 8)
  flipped[at >> 3] = (flipped[at >> 3] as number) ^ (1 << (at & 7))
  return flipped
}

function errorOf(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}

test('decryptRecord() gives back what encryptRecord() encrypted, whatever the bytes', () => {
  fc.assert(
    fc.property(bytes, bytes, (plaintext, data) => {
      const encrypted = encryptRecord(key, { plaintext, associatedData: data })
      expect(encrypted.length).toBe(plaintext.length + ENCRYPTION_OVERHEAD_BYTES)
      expect(decryptRecord(key, { encrypted, associatedData: data })).toEqual(plaintext)
    }),
  )
})

test('encryptRecord() is XChaCha20-Poly1305 as libsodium computes it, over the tagged associated data', () => {
  const keyAndNonce = fc.tuple(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.uint8Array({ minLength: 24, maxLength: 24 }),
  )
  fc.assert(
    fc.property(keyAndNonce, bytes, bytes, ([recordKey, nonce], plaintext, data) => {
      const expected = new Uint8Array(plaintext.length + 16)
      const tagged = taggedBytes('assent/record/1', data)
      sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(expected, plaintext, tagged, null, nonce, recordKey)
      const encrypted = encryptRecord(recordKey, { plaintext, associatedData: data, nonce })
      expect(encrypted.subarray(0, 24)).toEqual(nonce)
      expect(encrypted.subarray(24).toHex()).toBe(expected.toHex())
    }),
  )
})

test('encryptRecord() takes a fresh nonce each time', () => {
  const one = encryptRecord(key, { plaintext: text('x'), associatedData })
  const two = encryptRecord(key, { plaintext: text('x'), associatedData })
  expect(one.subarray(0, 24)).not.toEqual(two.subarray(0, 24))
})

describe('decryptRecord() refuses as NOT_AUTHENTIC', () => {
  const encrypted = encryptRecord(key, { plaintext: text('a record'), associatedData })

  test('any bit changed in nonce, ciphertext or tag', () => {
    for (let bit = 0; bit < encrypted.length * 8; bit++) {
      const wrong = withBit(encrypted, bit)
      expect(errorOf(() => decryptRecord(key, { encrypted: wrong, associatedData }))).toEqual(notAuthentic)
    }
  })

  test('any bit changed in the key or the associated data', () => {
    fc.assert(
      fc.property(fc.nat(), (bit) => {
        const wrongKey = withBit(key, bit)
        const wrongData = withBit(associatedData, bit)
        expect(errorOf(() => decryptRecord(wrongKey, { encrypted, associatedData }))).toEqual(notAuthentic)
        expect(errorOf(() => decryptRecord(key, { encrypted, associatedData: wrongData }))).toEqual(notAuthentic)
      }),
    )
  })

  test('bytes cut off or added', () => {
    for (const wrong of [encrypted.subarray(0, -1), encrypted.subarray(1), new Uint8Array([...encrypted, 0])]) {
      expect(errorOf(() => decryptRecord(key, { encrypted: wrong, associatedData }))).toEqual(notAuthentic)
    }
  })

  test('a wrapped key in place of a record', () => {
    const wrapped = wrapKey(key, { key: generateRecordKey(), associatedData })
    expect(errorOf(() => decryptRecord(key, { encrypted: wrapped, associatedData }))).toEqual(notAuthentic)
  })
})

test('unwrapKey() gives back the key, to the right wrapping key and associated data only', () => {
  const recordKey = generateRecordKey()
  const wrapped = wrapKey(key, { key: recordKey, associatedData })
  expect(wrapped.length).toBe(72)
  expect(unwrapKey(key, { wrapped, associatedData })).toEqual(recordKey)
  expect(errorOf(() => unwrapKey(generateRecordKey(), { wrapped, associatedData }))).toEqual(notAuthentic)
  expect(errorOf(() => unwrapKey(key, { wrapped, associatedData: text('other') }))).toEqual(notAuthentic)
  for (let bit = 0; bit < wrapped.length * 8; bit++) {
    expect(errorOf(() => unwrapKey(key, { wrapped: withBit(wrapped, bit), associatedData }))).toEqual(notAuthentic)
  }
})

test('unwrapKey() refuses an encrypted record of 32 bytes in place of a wrapped key', () => {
  const encrypted = encryptRecord(key, { plaintext: generateRecordKey(), associatedData })
  expect(errorOf(() => unwrapKey(key, { wrapped: encrypted, associatedData }))).toEqual(notAuthentic)
})

test('every function names the argument that it refuses', () => {
  const plaintext = text('x')
  expect(() => encryptRecord(new Uint8Array(16), { plaintext, associatedData })).toThrow(
    'key: expected 32 bytes, got 16',
  )
  expect(() => encryptRecord(key, { plaintext: 'x' as never, associatedData })).toThrow(
    'plaintext: expected a Uint8Array',
  )
  expect(() => encryptRecord(key, { plaintext, associatedData: 'x' as never })).toThrow('associatedData: expected')
  expect(() => encryptRecord(key, { plaintext, associatedData, nonce: new Uint8Array(12) })).toThrow(
    'nonce: expected 24 bytes',
  )
  expect(() => decryptRecord(key, { encrypted: new Uint8Array(39), associatedData })).toThrow(
    'encrypted: expected at least 40 bytes, got 39',
  )
  expect(() => wrapKey(new Uint8Array(31), { key, associatedData })).toThrow('wrappingKey: expected 32 bytes, got 31')
  expect(() => wrapKey(key, { key: plaintext, associatedData })).toThrow('key: expected 32 bytes, got 1')
  expect(() => unwrapKey(key, { wrapped: new Uint8Array(71), associatedData })).toThrow(
    'wrapped: expected 72 bytes, got 71',
  )
})
