import { describe, expect, it } from 'vitest'
import { dialAddress, hostOf, parseAddress } from './addresses.ts'
import { libp2pKeyOf, peerIdOf } from './transport-key.ts'

describe('addresses', () => {
  const { transportKey } = libp2pKeyOf(new Uint8Array(32).fill(1))
  const other = libp2pKeyOf(new Uint8Array(32).fill(2)).transportKey

  it('are TCP multiaddrs, by number or by name', () => {
    for (const address of ['/ip4/10.0.0.7/tcp/7000', '/ip6/::1/tcp/7000', '/dns4/node.example.org/tcp/7000']) {
      expect(parseAddress(address).toString()).toBe(address)
    }
  })

  it('of any other form are refused with what is accepted', () => {
    for (const address of ['hospital-b:7000', '/ip4/10.0.0.7', '/ip4/10.0.0.7/udp/7000', '']) {
      expect(() => parseAddress(address)).toThrow(/such as \/ip4\/10\.0\.0\.7\/tcp\/7000/)
    }
  })

  it('come from a host: an IPv4 address, or the half of an IPv6 address that stands for a customer', () => {
    const hosts = [
      '/ip4/10.0.0.7/tcp/7000',
      '/ip6/2001:db8:1:2:3:4:5:6/tcp/7000',
      '/ip6/2001:db8::1/tcp/1',
      '/ip6/::1/tcp/1',
    ]
    expect(hosts.map((address) => hostOf(parseAddress(address)))).toEqual([
      '10.0.0.7',
      '2001:db8:1:2',
      '2001:db8:0:0',
      '0:0:0:0',
    ])
  })

  it('are dialled with the name of the peer that must answer', () => {
    const named = `/ip4/10.0.0.7/tcp/7000/p2p/${peerIdOf(transportKey)}`
    expect(dialAddress('/ip4/10.0.0.7/tcp/7000', transportKey).toString()).toBe(named)
    expect(dialAddress(named, transportKey).toString()).toBe(named)
    expect(() => dialAddress(named, other)).toThrow(/names another key/)
  })
})
