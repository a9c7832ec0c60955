// HPKE vectors of RFC 9180, appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode.

import { expect, test } from 'vitest'
import { generateSealingKeyPair, open, suite } from './hpke.ts'

const hex = (text: string) => Uint8Array.fromHex(text)

const INFO = hex('4f6465206f6e2061204772656369616e2055726e')
const PLAINTEXT = hex('4265617574792069732074727574682c20747275746820626561757479')
const SK_E = hex('f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600')
const PK_E = '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a'
const SK_R = hex('8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb')
const PK_R = '4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a'

const ENCRYPTIONS = [
  {
    sequence: 0,
    aad: '436f756e742d30',
    ciphertext: '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
  },
  {
    sequence: 1,
    aad: '436f756e742d31',
    ciphertext: '6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c',
  },
  {
    sequence: 2,
    aad: '436f756e742d32',
    ciphertext: '71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b',
  },
]

test('open() opens the first encryption of A.2.1', async () => {
  const { aad, ciphertext } = ENCRYPTIONS[0] as (typeof ENCRYPTIONS)[number]
  const sealed = { enc: hex(PK_E), ciphertext: hex(ciphertext), info: INFO, aad: hex(aad) }
  expect(await open(SK_R, sealed)).toEqual(PLAINTEXT)
})

test('generateSealingKeyPair() derives the public keys of A.2.1', () => {
  expect(generateSealingKeyPair(SK_E).publicKey.toHex()).toBe(PK_E)
  expect(generateSealingKeyPair(SK_R).publicKey.toHex()).toBe(PK_R)
})

test('the suite that seal() uses gives enc and ciphertexts of A.2.1 with its ephemeral key', async () => {
  const privateKey = await suite.kem.deserializePrivateKey(SK_E)
  const publicKey = await suite.kem.deserializePublicKey(hex(PK_E))
  const recipientPublicKey = await suite.kem.deserializePublicKey(hex(PK_R))
  const sender = await suite.createSenderContext({ recipientPublicKey, info: INFO, ekm: { privateKey, publicKey } })
  expect(new Uint8Array(sender.enc).toHex()).toBe(PK_E)
  for (const { aad, ciphertext } of ENCRYPTIONS) {
    expect(new Uint8Array(await sender.seal(PLAINTEXT, hex(aad))).toHex()).toBe(ciphertext)
  }
})
