// Builds the libp2p node: TCP, Noise, yamux, with every limit stated. Owns no behaviour.

import { noise } from '@chainsafe/libp2p-noise'
import type { GossipSub } from '@libp2p/gossipsub'
import { type Identify, type IdentifyComponents, identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import type { Hash } from '../types/brand.ts'
import { createConnectionGater } from './connection-gater.ts'
import type { Gate } from './gate.ts'
import { gossipService } from './gossip.ts'
import * as limits from './limits.ts'
import { membersOnly } from './members-only.ts'
import { createMuxerFactory } from './muxer.ts'
import { chainPrefix } from './wire-names.ts'

export type Host = Libp2p<{ identify: Identify; gossip: GossipSub }>

export interface HostOptions {
  readonly privateKey: PrivateKey
  readonly chainId: Hash
  readonly listen: readonly string[]
  readonly gate: Gate
}

/** Not started yet: handlers come first. */
export async function createHost(options: HostOptions): Promise<Host> {
  const { privateKey, chainId, gate } = options
  return createLibp2p({
    start: false,
    privateKey,
    nodeInfo: { name: 'assent', version: '1', userAgent: 'assent' },
    addresses: { listen: [...options.listen] },
    // Silence is not the end of a connection here; the monitor below and TCP keep-alive find the dead ones.
    transports: [tcp({ inboundSocketInactivityTimeout: 0, outboundSocketInactivityTimeout: 0 })],
    connectionEncrypters: [noise()],
    streamMuxers: [createMuxerFactory],
    connectionGater: createConnectionGater(gate),
    connectionManager: {
      maxConnections: limits.CONNECTIONS_MAX,
      inboundConnectionThreshold: limits.INBOUND_CONNECTIONS_PER_HOST_PER_SECOND,
      maxIncomingPendingConnections: limits.INBOUND_HANDSHAKES_MAX,
      inboundUpgradeTimeout: limits.HANDSHAKE_TIMEOUT_MS,
      dialTimeout: limits.HANDSHAKE_TIMEOUT_MS,
      addressDialTimeout: limits.HANDSHAKE_TIMEOUT_MS,
      // Redialling is redial.ts's.
      reconnectRetries: 0,
    },
    connectionMonitor: {
      pingInterval: limits.PING_INTERVAL_MS,
      pingTimeout: { minTimeout: limits.PING_TIMEOUT_MS },
    },
    services: {
      identify: identifyService(chainId, gate),
      gossip: gossipService(chainId, gate),
    },
  })
}

/** Gossipsub learns from identify that a peer speaks it. */
function identifyService(chainId: Hash, gate: Gate): (components: IdentifyComponents) => Identify {
  const create = identify({ protocolPrefix: chainPrefix(chainId) })
  return (components) => create(membersOnly(components, gate))
}
