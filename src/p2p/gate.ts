// Who gets past the handshake, and what he may use afterwards. The verdict is `allow`'s; the gate asks it at every
// handshake and at every stream, so a member that was removed a block ago opens nothing any more.

import { assertNever } from '../types/assert.ts'
import type { PublicKey } from '../types/brand.ts'
import type { Counters } from './counters.ts'
import {
  type Misbehaviour,
  type PeerClass,
  type RefusalReason,
  SNAPSHOT_PROTOCOL,
  SYNC_PROTOCOL,
  type TransportOptions,
} from './transport.ts'

export class Gate {
  readonly #options: TransportOptions
  readonly #counters: Counters

  constructor(options: TransportOptions, counters: Counters) {
    this.#options = options
    this.#counters = counters
  }

  classOf(peer: PublicKey): PeerClass {
    return this.#options.allow(peer)
  }

  /** `name`: a channel, the protocol of a request, or `gossip`. */
  permits(peer: PublicKey, name: string): boolean {
    const peerClass = this.classOf(peer)
    switch (peerClass) {
      case 'member':
        return true
      case 'bootstrap':
        return name === SYNC_PROTOCOL || name === SNAPSHOT_PROTOCOL
      case 'refused':
        return false
      default:
        return assertNever(peerClass)
    }
  }

  /** Like permits(), for a stream that the peer opened: a refusal is counted and reported. */
  admits(peer: PublicKey, name: string): boolean {
    const permitted = this.permits(peer, name)
    if (!permitted) {
      this.#counters.refusedProtocol++
      this.reportRefused(peer, this.classOf(peer) === 'bootstrap' ? 'bootstrap-protocol' : 'class-changed')
    }
    return permitted
  }

  /** A handshake with a key that is let in. Otherwise counted and reported. `peer` is null for a key of another kind. */
  admitsHandshake(peer: PublicKey | null, direction: 'inbound' | 'outbound'): boolean {
    if (peer !== null && this.classOf(peer) !== 'refused') return true
    this.#counters[direction === 'inbound' ? 'refusedInbound' : 'refusedOutbound']++
    this.reportRefused(peer, peer === null ? 'not-ed25519' : 'unknown-key')
    return false
  }

  reportRefused(peer: PublicKey | null, reason: RefusalReason): void {
    // Strangers may come by the thousand: what of it belongs in the log is onRefused's to decide.
    this.#options.logger.debug({ peer, reason }, 'peer refused')
    this.#options.onRefused?.(peer, reason)
  }

  reportMisbehaviour(peer: PublicKey, what: Misbehaviour): void {
    this.#counters.misbehaviour++
    this.#options.logger.warn({ peer, what }, 'peer broke the wire protocol')
    this.#options.onMisbehaviour?.(peer, what)
  }
}
