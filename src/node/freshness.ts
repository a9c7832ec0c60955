// Has this node heard from its consortium lately? Blocks are made only when there is work, so an old head proves nothing;
// a leader's heartbeat, a newly certified head or the status of a quorum of validators does. A time that lies ahead of the
// clock counts for nothing: the clock was set back.

import type { Seat } from '../types/brand.ts'
import type { Clock } from './clock.ts'

export class Freshness {
  readonly #clock: Clock
  readonly #quorum: () => number
  readonly #windowMs: number
  #heardMs = 0
  #leading = false
  readonly #reports = new Map<Seat, number>()

  constructor(options: { clock: Clock; quorum: () => number; windowMs: number }) {
    this.#clock = options.clock
    this.#quorum = options.quorum
    this.#windowMs = options.windowMs
  }

  /** From the leader, which this node follows up to its head. */
  heardLeader(): void {
    this.#heardAt(this.#clock.nowMs())
  }

  /** A head was certified. Its own time counts: an old block, fetched a moment ago, says nothing about now. */
  certified(timeMs: number): void {
    this.#heardAt(timeMs)
  }

  /** A leader is one of the quorum itself. It may have lost the others, or have slept, and not know yet. */
  leading(isLeader: boolean): void {
    this.#leading = isLeader
  }

  /** A validator said at this time that its head is not above this node's. */
  reported(validator: Seat, timeMs: number): void {
    this.#reports.set(validator, Math.min(timeMs, this.#clock.nowMs()))
  }

  isFresh(): boolean {
    const nowMs = this.#clock.nowMs()
    const isRecent = (timeMs: number): boolean => timeMs >= nowMs - this.#windowMs && timeMs <= nowMs
    if (isRecent(this.#heardMs)) return true
    const recent = [...this.#reports.values()].filter(isRecent)
    return recent.length + (this.#leading ? 1 : 0) >= this.#quorum()
  }

  #heardAt(timeMs: number): void {
    const nowMs = this.#clock.nowMs()
    if (timeMs > this.#heardMs || this.#heardMs > nowMs) this.#heardMs = Math.min(timeMs, nowMs)
  }
}
