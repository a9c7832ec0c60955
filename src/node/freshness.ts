// Has this node heard from its consortium lately? Blocks are made only when there is work, so an old head proves nothing;
// a leader's heartbeat, a newly certified head or, for observers, the status of a quorum of validators does.

import type { Clock } from './clock.ts'

export class Freshness {
  readonly #clock: Clock
  readonly #quorum: number
  readonly #windowMs: number
  #heardMs = 0
  #leading = false
  readonly #reports = new Map<string, number>()

  constructor(options: { clock: Clock; quorum: number; windowMs: number }) {
    this.#clock = options.clock
    this.#quorum = options.quorum
    this.#windowMs = options.windowMs
  }

  /** From the leader, or a certified head. */
  heard(): void {
    this.#heardMs = this.#clock.nowMs()
  }

  /** A leader that lost its quorum steps down within an election timeout, so leading is being in touch. */
  leading(isLeader: boolean): void {
    this.#leading = isLeader
  }

  /** A validator reported a head that is not above this node's. */
  reported(validator: string): void {
    this.#reports.set(validator, this.#clock.nowMs())
  }

  isFresh(): boolean {
    if (this.#leading) return true
    const since = this.#clock.nowMs() - this.#windowMs
    if (this.#heardMs >= since) return true
    const recent = [...this.#reports.values()].filter((timeMs) => timeMs >= since)
    return recent.length >= this.#quorum
  }
}
