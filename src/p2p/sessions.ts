// The table of connected peers: one connection each, the class it was let in with, our outgoing channels to it. Decides
// which of two connections stays and when a peer counts as connected.

import type { Connection } from '@libp2p/interface'
import type { Hash, PublicKey } from '../types/brand.ts'
import { PeerLink } from './channels.ts'
import type { Counters } from './counters.ts'
import { type Candidate, keepsExisting } from './duplicates.ts'
import { P2pError } from './errors.ts'
import type { Gate } from './gate.ts'
import type { P2pLogger, PeerChange, PeerClass } from './transport.ts'
import { transportKeyOf } from './transport-key.ts'

export interface Session {
  readonly connection: Connection
  readonly candidate: Candidate
  peerClass: PeerClass
  /** Null for bootstrap peers and strangers: they have no channels. */
  link: PeerLink | null
  /** The node above was told `connected`. */
  announced: boolean
}

export interface SessionsOptions {
  readonly self: PublicKey
  readonly chainId: Hash
  readonly gate: Gate
  readonly counters: Counters
  readonly logger: P2pLogger
  readonly onChange: (peer: PublicKey, change: PeerChange) => void
  /** A member does not take our channels. */
  readonly onUnheard: (peer: PublicKey) => void
  /** The connection is gone, whoever ended it. */
  readonly onGone: (peer: PublicKey) => void
}

export class Sessions {
  readonly #options: SessionsOptions
  readonly #sessions = new Map<PublicKey, Session>()
  #closed = false

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  get(peer: PublicKey): Session | undefined {
    return this.#sessions.get(peer)
  }

  /** Peers that were announced and not retracted. */
  connected(): PublicKey[] {
    return [...this.#sessions].filter(([, session]) => session.announced).map(([peer]) => peer)
  }

  onOpen(connection: Connection): void {
    const { self, gate } = this.#options
    const peer = transportKeyOf(connection.remotePeer)
    const peerClass = peer === null ? 'refused' : gate.classOf(peer)
    if (peer === null || peerClass === 'refused' || this.#closed) {
      connection.abort(new P2pError('not-permitted', 'the peer is not permitted any more'))
      return
    }
    const dialledBy = connection.direction === 'outbound' ? self : peer
    const candidate: Candidate = { openedAtMs: performance.now(), dialledBy }
    const existing = this.#sessions.get(peer)
    if (existing && keepsExisting(existing.candidate, candidate)) {
      connection.abort(new P2pError('cancelled', 'the other connection of a simultaneous dial is kept'))
      return
    }
    if (existing) this.disconnect(peer)
    if (peerClass === 'stranger' && !gate.strangers.enter(peer, () => this.disconnect(peer))) {
      connection.abort(new P2pError('not-permitted', 'too many keys that nobody knows'))
      return
    }
    const session: Session = { connection, candidate, peerClass, link: null, announced: false }
    this.#sessions.set(peer, session)
    if (peerClass === 'member') session.link = this.#openLink(peer, session)
    if (peerClass === 'bootstrap') this.#announce(peer, session)
  }

  onClose(connection: Connection): void {
    const peer = transportKeyOf(connection.remotePeer)
    if (peer !== null && this.#sessions.get(peer)?.connection === connection) this.#end(peer)
  }

  disconnect(peer: PublicKey): void {
    const session = this.#sessions.get(peer)
    if (!session) return
    this.#end(peer)
    session.connection.abort(new P2pError('cancelled', 'the connection is given up'))
  }

  /** A peer of another class than it was let in with starts anew, if it still may. Who presented itself just stays. */
  recheck(): void {
    const { gate } = this.#options
    for (const [peer, session] of [...this.#sessions]) {
      const peerClass = gate.classOf(peer)
      if (peerClass === session.peerClass) continue
      if (session.peerClass === 'stranger' && peerClass === 'bootstrap') {
        gate.strangers.leave(peer)
        session.peerClass = peerClass
        this.#announce(peer, session)
        continue
      }
      if (peerClass === 'refused') gate.reportRefused(peer, 'class-changed')
      this.disconnect(peer)
    }
  }

  /** Lets queued messages leave until the signal fires; lets nobody in any more. The connections stay the host's to close. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closed = true
    await Promise.allSettled([...this.#sessions.values()].map((session) => session.link?.flush(signal)))
    for (const peer of [...this.#sessions.keys()]) this.#end(peer)
  }

  #openLink(peer: PublicKey, session: Session): PeerLink {
    const { chainId, counters, logger } = this.#options
    return new PeerLink({
      peer,
      chainId,
      counters,
      logger,
      connection: session.connection,
      onReady: () => this.#announce(peer, session),
      onLost: () => this.#retract(peer, session),
      onRefused: () => this.#options.onUnheard(peer),
    })
  }

  #end(peer: PublicKey): void {
    const session = this.#sessions.get(peer)
    if (!session) return
    this.#sessions.delete(peer)
    if (session.peerClass === 'stranger') this.#options.gate.strangers.leave(peer)
    session.link?.close()
    this.#retract(peer, session)
    this.#options.onGone(peer)
  }

  #announce(peer: PublicKey, session: Session): void {
    if (this.#sessions.get(peer) !== session) return
    session.announced = true
    this.#options.onChange(peer, 'connected')
  }

  #retract(peer: PublicKey, session: Session): void {
    if (!session.announced) return
    session.announced = false
    this.#options.onChange(peer, 'disconnected')
  }
}
