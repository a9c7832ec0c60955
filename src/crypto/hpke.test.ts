import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generateSealingKeyPair, open, type Sealed, seal } from './hpke.ts'

const text = (value: string) => new TextEncoder().encode(value)
const recipient = generateSealingKeyPair()
const context = { info: text('chain, decision, record'), aad: text('aad') }

function withBit(source: Uint8Array, bit: number): Uint8Array {
  const flipped = source.slice()
  const at = bit % (source.length * 8)
  flipped[at >> 3] = (flipped[at >> 3] as number) ^ (1 << (at & 7))
  return flipped
}

test('open() gives back what seal() sealed, whatever the bytes', async () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(bytes, bytes, bytes, async (info, aad, plaintext) => {
      const sealed = await seal(recipient.publicKey, { info, aad, plaintext })
      expect(sealed.enc.length).toBe(32)
      expect(sealed.ciphertext.length).toBe(plaintext.length + 16)
      expect(await open(recipient.secretKey, { ...sealed, info, aad })).toEqual(plaintext)
    }),
    { numRuns: 30 },
  )
})

test('seal() seals a megabyte, from a view into a larger buffer', async () => {
  const plaintext = new Uint8Array(1_000_100).fill(5).subarray(100)
  const sealed = await seal(recipient.publicKey, { ...context, plaintext })
  expect(await open(recipient.secretKey, { ...sealed, ...context })).toEqual(plaintext)
})

test('seal() never gives the same bytes twice', async () => {
  const one = await seal(recipient.publicKey, { ...context, plaintext: text('x') })
  const two = await seal(recipient.publicKey, { ...context, plaintext: text('x') })
  expect(one.enc).not.toEqual(two.enc)
  expect(one.ciphertext).not.toEqual(two.ciphertext)
})

describe('open() refuses as NOT_AUTHENTIC', () => {
  const notAuthentic = expect.objectContaining({ name: 'CryptoError', code: 'NOT_AUTHENTIC' })
  const sealText = (): Promise<Sealed> => seal(recipient.publicKey, { ...context, plaintext: text('a record') })

  test('another recipient', async () => {
    const other = generateSealingKeyPair()
    await expect(open(other.secretKey, { ...(await sealText()), ...context })).rejects.toEqual(notAuthentic)
  })

  test('another info or aad', async () => {
    const sealed = await sealText()
    for (const wrong of [{ info: text('other') }, { info: text('') }, { aad: text('other') }, { aad: text('') }]) {
      await expect(open(recipient.secretKey, { ...sealed, ...context, ...wrong })).rejects.toEqual(notAuthentic)
    }
  })

  test('one bit changed in enc or ciphertext', async () => {
    const sealed = await sealText()
    await fc.assert(
      fc.asyncProperty(fc.nat(254), fc.nat(), async (encBit, ciphertextBit) => {
        const wrongEnc = { ...sealed, ...context, enc: withBit(sealed.enc, encBit) }
        const wrongText = { ...sealed, ...context, ciphertext: withBit(sealed.ciphertext, ciphertextBit) }
        await expect(open(recipient.secretKey, wrongEnc)).rejects.toEqual(notAuthentic)
        await expect(open(recipient.secretKey, wrongText)).rejects.toEqual(notAuthentic)
      }),
      { numRuns: 30 },
    )
  })

  // X25519 ignores bit 255, but enc goes into the key schedule as it is.
  test('the ignored top bit of enc set', async () => {
    const sealed = await sealText()
    const wrong = { ...sealed, ...context, enc: withBit(sealed.enc, 255) }
    await expect(open(recipient.secretKey, wrong)).rejects.toEqual(notAuthentic)
  })

  test('a truncated or empty ciphertext, and an enc of small order', async () => {
    const sealed = await sealText()
    for (const ciphertext of [sealed.ciphertext.subarray(1), sealed.ciphertext.subarray(0, 15), new Uint8Array()]) {
      await expect(open(recipient.secretKey, { ...sealed, ...context, ciphertext })).rejects.toEqual(notAuthentic)
    }
    const smallOrder = { ...sealed, ...context, enc: new Uint8Array(32) }
    await expect(open(recipient.secretKey, smallOrder)).rejects.toEqual(notAuthentic)
  })
})

test('seal() refuses public keys of small order', async () => {
  const one = new Uint8Array(32)
  one[0] = 1
  for (const publicKey of [new Uint8Array(32), one]) {
    await expect(seal(publicKey, { ...context, plaintext: text('x') })).rejects.toThrow(
      'recipientPublicKey: expected a key that is not of small order',
    )
  }
})

test('seal() and open() name the argument that they refuse', async () => {
  const plaintext = text('x')
  const sealed = await seal(recipient.publicKey, { ...context, plaintext })
  await expect(seal(new Uint8Array(31), { ...context, plaintext })).rejects.toThrow(
    'recipientPublicKey: expected 32 bytes',
  )
  await expect(seal(recipient.publicKey, { ...context, plaintext: 'x' as never })).rejects.toThrow(
    'plaintext: expected',
  )
  await expect(seal(recipient.publicKey, { ...context, info: null as never, plaintext })).rejects.toThrow(
    'info: expected',
  )
  await expect(open(new Uint8Array(33), { ...sealed, ...context })).rejects.toThrow(
    'recipientSecretKey: expected 32 bytes',
  )
  await expect(open(recipient.secretKey, { ...sealed, ...context, enc: plaintext })).rejects.toThrow(
    'enc: expected 32 bytes',
  )
  expect(() => generateSealingKeyPair(new Uint8Array(16))).toThrow('secretKey: expected 32 bytes, got 16')
})
