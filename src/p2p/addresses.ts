// Network addresses as people write them: TCP multiaddrs.

import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { PublicKey } from '../types/brand.ts'
import { P2pError } from './errors.ts'
import { peerIdOf } from './transport-key.ts'

const EXAMPLE = '/ip4/10.0.0.7/tcp/7000'

/** Throws P2pError `address-invalid` for anything but a TCP multiaddr. */
export function parseAddress(address: string): Multiaddr {
  let parsed: Multiaddr
  try {
    parsed = multiaddr(address)
  } catch (error) {
    const message = `address ${address}: expected a TCP multiaddr, such as ${EXAMPLE}`
    throw new P2pError('address-invalid', message, { cause: error })
  }
  if (parsed.getComponents().some((component) => component.name === 'tcp')) return parsed
  throw new P2pError('address-invalid', `address ${address}: expected TCP, such as ${EXAMPLE}`)
}

/** Of a connection: its IPv4 address, or the /64 of its IPv6 address, of which one customer has all. */
export function hostOf(address: Multiaddr): string {
  const [host] = address.getComponents()
  const value = host?.value ?? ''
  return host?.name === 'ip6' ? prefix64(value) : value
}

function prefix64(address: string): string {
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const rest = tail === undefined ? [] : tail.split(':').filter((group) => group !== '')
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0')
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':')
}

/** With the peer's id, so that nobody else can answer there. Throws P2pError `address-invalid` if it names another. */
export function dialAddress(address: string, peer: PublicKey): Multiaddr {
  const parsed = parseAddress(address)
  const expected = peerIdOf(peer).toString()
  const named = parsed.getComponents().find((component) => component.name === 'p2p')?.value
  if (named === undefined) return parsed.encapsulate(`/p2p/${expected}`)
  if (named !== expected) throw new P2pError('address-invalid', `address ${address}: names another key`, { peer })
  return parsed
}
