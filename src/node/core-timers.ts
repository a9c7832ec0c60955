// The timers that the core asks for, by name: one of each.

import type { Timer } from '../consensus/effects.ts'
import type { Cancel, Timers } from './clock.ts'

export class CoreTimers {
  readonly #timers: Timers
  readonly #onFired: (timer: Timer) => void
  readonly #running = new Map<Timer, Cancel>()

  constructor({ timers, onFired }: { timers: Timers; onFired: (timer: Timer) => void }) {
    this.#timers = timers
    this.#onFired = onFired
  }

  /** Takes the place of the one of that name. */
  set(timer: Timer, delayMs: number): void {
    this.#running.get(timer)?.()
    // Behind one turn of input: after a long block, heartbeats that wait in the socket come before the election timer.
    const fire = (): void =>
      this.#timers.afterInput(() => {
        if (this.#running.get(timer) === cancel) this.#onFired(timer)
      })
    const cancel = this.#timers.after(delayMs, fire)
    this.#running.set(timer, cancel)
  }

  cancel(timer: Timer): void {
    this.#running.get(timer)?.()
    this.#running.delete(timer)
  }

  stop(): void {
    for (const timer of [...this.#running.keys()]) this.cancel(timer)
  }
}
