// Connections of keys that nobody here knows, while such are listened to at all: few at once, short, and not often from one
// host. What they may use is gate.ts's to say.

import type { PublicKey } from '../types/brand.ts'
import { STRANGER_HOSTS_MAX, STRANGER_KNOCKS_MAX, STRANGER_MS, STRANGER_REFILL_MS, STRANGERS_MAX } from './limits.ts'

interface Knocks {
  left: number
  atMs: number
}

export class Strangers {
  readonly #nowMs: () => number
  readonly #inside = new Map<PublicKey, NodeJS.Timeout>()
  readonly #knocks = new Map<string, Knocks>()

  constructor({ nowMs = () => performance.now() }: { readonly nowMs?: () => number } = {}) {
    this.#nowMs = nowMs
  }

  /** At the handshake. `host`: where the connection comes from. */
  mayKnock(host: string): boolean {
    if (this.#inside.size >= STRANGERS_MAX) return false
    const nowMs = this.#nowMs()
    const { left, atMs } = this.#knocks.get(host) ?? { left: STRANGER_KNOCKS_MAX, atMs: nowMs }
    const refilled = Math.floor((nowMs - atMs) / STRANGER_REFILL_MS)
    const now: Knocks = {
      left: Math.min(STRANGER_KNOCKS_MAX, left + refilled),
      atMs: atMs + refilled * STRANGER_REFILL_MS,
    }
    if (now.left === 0 || !this.#hasRoomFor(host)) return false
    this.#knocks.set(host, { ...now, left: now.left - 1 })
    return true
  }

  /** The connection stands; false where there are too many. `onOver`: its time is up. */
  enter(peer: PublicKey, onOver: () => void): boolean {
    this.leave(peer)
    if (this.#inside.size >= STRANGERS_MAX) return false
    this.#inside.set(peer, setTimeout(onOver, STRANGER_MS).unref())
    return true
  }

  /** It ended, or the peer is no stranger any more. */
  leave(peer: PublicKey): void {
    clearTimeout(this.#inside.get(peer))
    this.#inside.delete(peer)
  }

  /** Hosts that have not knocked for long are forgotten; where all have, nobody new is listened to. */
  #hasRoomFor(host: string): boolean {
    if (this.#knocks.has(host) || this.#knocks.size < STRANGER_HOSTS_MAX) return true
    const longAgoMs = this.#nowMs() - STRANGER_KNOCKS_MAX * STRANGER_REFILL_MS
    for (const [each, { atMs }] of this.#knocks) if (atMs <= longAgoMs) this.#knocks.delete(each)
    return this.#knocks.size < STRANGER_HOSTS_MAX
  }
}
