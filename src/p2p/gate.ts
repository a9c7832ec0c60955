// Who gets past the handshake, and what he may use afterwards. The verdict is `allow`'s; the gate asks it at every
// handshake and at every stream, so a member that was removed a block ago opens nothing any more.

import { assertNever } from '../types/assert.ts'
import type { PublicKey } from '../types/brand.ts'
import type { Counters } from './counters.ts'
import { Strangers } from './strangers.ts'
import {
  INTRODUCTION_PROTOCOL,
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
  readonly strangers = new Strangers()

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
        return name === SYNC_PROTOCOL || name === SNAPSHOT_PROTOCOL || name === INTRODUCTION_PROTOCOL
      case 'stranger':
        return name === INTRODUCTION_PROTOCOL
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
      this.reportRefused(peer, PROTOCOL_REASON[this.classOf(peer)])
    }
    return permitted
  }

  /**
   * A handshake that somebody began with us, from `host`, is let through. Otherwise counted and reported. `peer` is null for
   * a key of another kind.
   */
  admitsInbound(peer: PublicKey | null, host: string): boolean {
    const peerClass = peer === null ? 'refused' : this.classOf(peer)
    if (peerClass === 'member' || peerClass === 'bootstrap') return true
    const isHeard = peerClass === 'stranger' && this.strangers.mayKnock(host)
    if (isHeard) {
      this.#counters.strangersHeard++
      return true
    }
    this.#counters.refusedInbound++
    this.reportRefused(peer, peerClass === 'stranger' ? 'strangers-limit' : unknownReason(peer))
    return false
  }

  /** Nobody dials strangers. */
  isDialled(peer: PublicKey): boolean {
    const peerClass = this.classOf(peer)
    return peerClass === 'member' || peerClass === 'bootstrap'
  }

  /** The same as admitsInbound() for a handshake that we began. */
  admitsOutbound(peer: PublicKey | null): boolean {
    if (peer !== null && this.isDialled(peer)) return true
    this.#counters.refusedOutbound++
    this.reportRefused(peer, unknownReason(peer))
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

const unknownReason = (peer: PublicKey | null): RefusalReason => (peer === null ? 'not-ed25519' : 'unknown-key')

/** Why a peer of this class may not open what it wanted. */
const PROTOCOL_REASON: Readonly<Record<PeerClass, RefusalReason>> = {
  member: 'class-changed',
  bootstrap: 'bootstrap-protocol',
  stranger: 'stranger-protocol',
  refused: 'class-changed',
}
