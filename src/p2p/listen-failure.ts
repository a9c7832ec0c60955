// Why a node cannot listen for its peers, in words for the operator. libp2p gives the reason of each address as text only.

import { P2pError } from './errors.ts'

const REASONS = [
  [/EADDRINUSE/, 'in use by another program; free it, or choose another port (0: any)'],
  [/EADDRNOTAVAIL|ENOTFOUND/, 'not an address of this machine'],
  [/EACCES|EPERM/, 'not permitted; choose a port above 1023'],
] as const

export function listenFailure(addresses: readonly string[], cause: unknown): P2pError {
  const text = cause instanceof Error ? cause.message : ''
  const reason = REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? 'cannot be listened on'
  return new P2pError('listen-failed', `p2p.listen: ${addresses.join(', ')}: ${reason}`, { cause })
}
