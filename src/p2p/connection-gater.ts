// The gate in libp2p's hooks, in both directions, after encryption and before the multiplexer: a stranger is known by his
// key only once Noise has proved it. He costs one handshake and never sees a stream.

import type { ConnectionGater } from '@libp2p/interface'
import type { Gate } from './gate.ts'
import { transportKeyOf } from './transport-key.ts'

export function createConnectionGater(gate: Gate): ConnectionGater {
  return {
    denyInboundEncryptedConnection: (peerId) => !gate.admitsHandshake(transportKeyOf(peerId), 'inbound'),
    denyOutboundEncryptedConnection: (peerId) => !gate.admitsHandshake(transportKeyOf(peerId), 'outbound'),
  }
}
