// Keeps trying to reach the known peers that are not connected: at once, then after a pause that doubles up to a cap,
// for ever. Owns timers and the peers' addresses; knows nothing of libp2p.

import type { PublicKey } from '../types/brand.ts'
import { REDIAL_FIRST_MS, REDIAL_MAX_MS } from './limits.ts'
import type { KnownPeer } from './transport.ts'

interface Target {
  addresses: readonly string[]
  failures: number
  timer: NodeJS.Timeout | null
  dialing: boolean
}

export interface RedialerOptions {
  /** Resolves when the connection stands. A rejection is one failure; it is the callee's to log. */
  readonly dial: (peer: PublicKey, addresses: readonly string[]) => Promise<void>
  readonly isConnected: (peer: PublicKey) => boolean
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

export class Redialer {
  readonly #targets = new Map<PublicKey, Target>()
  readonly #options: RedialerOptions
  readonly #random: () => number
  #running = false

  constructor(options: RedialerOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
  }

  start(): void {
    this.#running = true
    for (const peer of this.#targets.keys()) this.#schedule(peer, 0)
  }

  stop(): void {
    this.#running = false
    for (const target of this.#targets.values()) cancel(target)
  }

  setPeers(peers: readonly KnownPeer[]): void {
    const wanted = new Map(peers.map((peer) => [peer.transportKey, peer.addresses]))
    for (const [peer, target] of this.#targets) {
      if (wanted.has(peer)) continue
      cancel(target)
      this.#targets.delete(peer)
    }
    for (const [peer, addresses] of wanted) {
      const known = this.#targets.get(peer)
      const moved = known !== undefined && known.addresses.join() !== addresses.join()
      if (known && !moved) continue
      if (known) cancel(known)
      this.#targets.set(peer, { addresses, failures: 0, timer: null, dialing: false })
      this.#schedule(peer, 0)
    }
  }

  /** The connection proved useful: its loss is answered with the shortest pause. */
  onUseful(peer: PublicKey): void {
    const target = this.#targets.get(peer)
    if (target) target.failures = 0
  }

  onDisconnected(peer: PublicKey): void {
    const target = this.#targets.get(peer)
    if (target) this.#schedule(peer, this.#pauseMs(target))
  }

  #schedule(peer: PublicKey, delayMs: number): void {
    const target = this.#targets.get(peer)
    if (!this.#running || !target || target.timer || target.dialing || target.addresses.length === 0) return
    target.timer = setTimeout(() => {
      target.timer = null
      void this.#attempt(peer, target)
    }, delayMs)
  }

  async #attempt(peer: PublicKey, target: Target): Promise<void> {
    if (this.#options.isConnected(peer)) return
    target.dialing = true
    try {
      await this.#options.dial(peer, target.addresses)
    } catch {
      // Reported by dial(); what follows is the same for every reason.
    }
    target.dialing = false
    // A connection that is refused right after the handshake counts as a failure too, until onUseful() says otherwise.
    target.failures++
    if (this.#targets.get(peer) === target && !this.#options.isConnected(peer)) {
      this.#schedule(peer, this.#pauseMs(target))
    }
  }

  #pauseMs(target: Target): number {
    const ceilingMs = Math.min(REDIAL_MAX_MS, REDIAL_FIRST_MS * 2 ** Math.min(Math.max(target.failures - 1, 0), 16))
    return ceilingMs * (1 - this.#random() / 2)
  }
}

function cancel(target: Target): void {
  if (target.timer) clearTimeout(target.timer)
  target.timer = null
}
