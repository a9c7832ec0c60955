// The gate in libp2p's hooks, in both directions, after encryption and before the multiplexer: whoever comes is known by his
// key only once Noise has proved it. Whom nobody knows costs one handshake, and mostly never sees a stream.

import type { ConnectionGater } from '@libp2p/interface'
import { hostOf } from './addresses.ts'
import type { Gate } from './gate.ts'
import { transportKeyOf } from './transport-key.ts'

export function createConnectionGater(gate: Gate): ConnectionGater {
  return {
    denyInboundEncryptedConnection: (peerId, { remoteAddr }) =>
      !gate.admitsInbound(transportKeyOf(peerId), hostOf(remoteAddr)),
    denyOutboundEncryptedConnection: (peerId) => !gate.admitsOutbound(transportKeyOf(peerId)),
  }
}
