// The bounds of gossip, for both transports.

import { P2pError } from './errors.ts'
import { GOSSIP_MESSAGE_BYTES_MAX } from './limits.ts'
import type { Topic } from './transport.ts'

export function assertGossipBound(topic: Topic, maxBytes: number): void {
  if (maxBytes <= GOSSIP_MESSAGE_BYTES_MAX) return
  throw new P2pError('topic-unbounded', `${topic}: gossip carries at most ${GOSSIP_MESSAGE_BYTES_MAX} bytes a message`)
}

export function assertGossipMessage(topic: Topic, message: Uint8Array): void {
  if (message.length <= GOSSIP_MESSAGE_BYTES_MAX) return
  const bounds = `message of ${message.length} bytes, at most ${GOSSIP_MESSAGE_BYTES_MAX} accepted`
  throw new P2pError('message-too-large', `${topic}: ${bounds}`)
}
