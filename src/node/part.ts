// What a node does about its chain: sign, follow, or nothing any more. One part at a time; the participant passes on to it
// what the network brings.

import type { PeerChange } from '../p2p/transport.ts'
import type { PublicKey } from '../types/brand.ts'
import type { Validating } from './consensus-desk.ts'

export interface Part {
  start(): void
  stop(): Promise<void>
  /** For clients and operators; null while it observes. */
  readonly validating: Validating | null
  /** From the consensus stream. The promise pauses that stream. */
  receive(peer: PublicKey, message: Uint8Array): undefined | Promise<void>
  peerChanged(peer: PublicKey, change: PeerChange): void
  /** By gossip: a header of this height is certified. */
  heardHeader(height: number): void
}

/** Keeps out of the way of whoever runs with the same keys. */
export const ABSENT: Part = {
  start: () => undefined,
  stop: async () => undefined,
  validating: null,
  receive: () => undefined,
  peerChanged: () => undefined,
  heardHeader: () => undefined,
}
