// Has this node heard from its consortium lately? Blocks are made only when there is work, so an old head proves nothing;
// a newly certified head does, or the word of a quorum of validators that theirs is no higher. The leader is one of them:
// alone it could be cut off, or lie. A time that lies ahead of the clock counts for nothing: the clock was set back.

import type { Seat } from '../types/brand.ts'
import type { Clock } from './clock.ts'

export class Freshness {
  readonly #clock: Clock
  readonly #quorum: () => number
  readonly #windowMs: number
  #certifiedMs = 0
  #isValidating = false
  readonly #reports = new Map<Seat, number>()

  constructor(options: { clock: Clock; quorum: () => number; windowMs: number }) {
    this.#clock = options.clock
    this.#quorum = options.quorum
    this.#windowMs = options.windowMs
  }

  /** A head was certified. Its own time counts: an old block, fetched a moment ago, says nothing about now. */
  certified(timeMs: number): void {
    const nowMs = this.#clock.nowMs()
    if (timeMs > this.#certifiedMs || this.#certifiedMs > nowMs) this.#certifiedMs = Math.min(timeMs, nowMs)
  }

  /** Who validates is one of the quorum itself. It may have lost the others, or have slept, and not know yet. */
  validating(isValidating: boolean): void {
    this.#isValidating = isValidating
  }

  /** Another validator said at this time that its head is not above this node's: by its status, or a leader by its heartbeat. */
  reported(validator: Seat, timeMs: number): void {
    this.#reports.set(validator, Math.min(timeMs, this.#clock.nowMs()))
  }

  isFresh(): boolean {
    const nowMs = this.#clock.nowMs()
    const isRecent = (timeMs: number): boolean => timeMs >= nowMs - this.#windowMs && timeMs <= nowMs
    if (isRecent(this.#certifiedMs)) return true
    const recent = [...this.#reports.values()].filter(isRecent)
    return recent.length + (this.#isValidating ? 1 : 0) >= this.#quorum()
  }
}
