import { describe, expect, it } from 'vitest'
import { createSigner } from '../crypto/ed25519.ts'
import type { PublicKey } from '../types/brand.ts'
import { createConsensusVerifier } from './consensus-verifier.ts'

const signer = createSigner(new Uint8Array(32).fill(7))
const key = signer.publicKey.toHex() as PublicKey
const other = createSigner(new Uint8Array(32).fill(8)).publicKey.toHex() as PublicKey
const message = new TextEncoder().encode('block 7')
const signature = signer.sign(message)

describe('createConsensusVerifier()', () => {
  const { verify } = createConsensusVerifier({
    chainId: '' as never,
    setOf: () => undefined,
  })

  it('gives the same verdict the second time', () => {
    expect(verify(key, message, signature)).toBe(true)
    expect(verify(key, message, signature)).toBe(true)
  })

  it('takes nothing for verified that differs in a byte', () => {
    expect(verify(key, message, signature)).toBe(true)
    expect(verify(other, message, signature)).toBe(false)
    expect(verify(key, message.with(0, 0), signature)).toBe(false)
    expect(verify(key, message, signature.with(0, 0))).toBe(false)
    expect(verify(key, message.subarray(1), signature)).toBe(false)
  })

  it('refuses a wrong signature however often it is shown', () => {
    for (let i = 0; i < 3; i++) expect(verify(key, message, signature.with(63, 0xff))).toBe(false)
  })
})
