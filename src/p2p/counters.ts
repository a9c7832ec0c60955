// What a transport counts. Owned by one transport; read by the metrics page.

import type { P2pCounter } from './transport.ts'

export type Counters = Record<P2pCounter, number>

export function createCounters(): Counters {
  return {
    refusedInbound: 0,
    refusedOutbound: 0,
    refusedProtocol: 0,
    strangersHeard: 0,
    misbehaviour: 0,
    handlerFailures: 0,
    sendQueueFull: 0,
    messagesSent: 0,
    messagesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    requestsServed: 0,
    requestsBusy: 0,
    gossipAccepted: 0,
    gossipRejected: 0,
    gossipIgnored: 0,
  }
}
