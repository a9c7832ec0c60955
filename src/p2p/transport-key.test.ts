import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { libp2pKeyOf, peerIdOf, transportKeyOf } from './transport-key.ts'

describe('transport keys', () => {
  // RFC 8032, 7.1, test 1.
  const seed = Uint8Array.fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
  const publicKey = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'

  it('the public key is the seed’s, and libp2p agrees', () => {
    const { privateKey, transportKey } = libp2pKeyOf(seed)
    expect(transportKey).toBe(publicKey)
    expect(privateKey.publicKey.raw.toHex()).toBe(publicKey)
  })

  it('a peer id and a transport key name each other', () => {
    const { privateKey, transportKey } = libp2pKeyOf(seed)
    expect(peerIdOf(transportKey).equals(peerIdFromPrivateKey(privateKey))).toBe(true)
    expect(transportKeyOf(peerIdOf(transportKey))).toBe(transportKey)
  })

  it('an identity of another kind of key names nobody', async () => {
    const other = peerIdFromPrivateKey(await generateKeyPair('secp256k1'))
    expect(transportKeyOf(other)).toBeNull()
  })

  it('a seed of another length is refused', () => {
    expect(() => libp2pKeyOf(seed.subarray(1))).toThrow(/expected 32 bytes, got 31/)
  })
})
