// A simulated machine's clock and timers. The clock drifts and is set; timers count the machine's own time. Both stop with
// the process: what was scheduled for an earlier life never runs.

import type { Cancel, Clock, Timers } from '../../src/node/clock.ts'
import type { EventQueue } from './event-queue.ts'
import type { Random } from './random.ts'

/** Where virtual time begins, ms UTC. */
export const EPOCH_MS = 1_800_000_000_000

export class SimulatedClock implements Clock {
  readonly #queue: EventQueue
  readonly #random: Random
  /** ms ahead of the right time. */
  offsetMs = 0
  /** ms gained every second. */
  driftMsPerSecond = 0

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue
    this.#random = random
  }

  nowMs(): number {
    const { nowMs } = this.#queue
    return Math.floor(EPOCH_MS + nowMs + this.offsetMs + (nowMs * this.driftMsPerSecond) / 1_000)
  }

  random(): number {
    return this.#random.bits()
  }
}

/** One life of a process: everything that it scheduled goes through here, waits while it is stopped, and ends with it. */
export class Life implements Timers {
  readonly #queue: EventQueue
  #isOver = false
  /** What came up while the process was stopped. */
  #held: (() => void)[] | null = null

  constructor(queue: EventQueue) {
    this.#queue = queue
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isPaused(): boolean {
    return this.#held !== null
  }

  after(delayMs: number, run: () => void): Cancel {
    let isCancelled = false
    const happening = this.#queue.after(delayMs, () => this.enter(() => isCancelled || run()))
    return () => {
      isCancelled = true
      happening.isCancelled = true
    }
  }

  every(intervalMs: number, run: () => void): Cancel {
    let cancel: Cancel = () => undefined
    const arm = (): void => {
      cancel = this.after(intervalMs, () => {
        arm()
        run()
      })
    }
    arm()
    return () => cancel()
  }

  afterInput(run: () => void): void {
    this.after(0, run)
  }

  pause(): void {
    this.#held ??= []
  }

  resume(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const run of held) this.#queue.after(0, () => this.enter(run))
  }

  end(): void {
    this.#isOver = true
    this.#held = null
  }

  /** Something from outside reaches the process. */
  enter(run: () => void): void {
    if (this.#isOver) return
    if (this.#held !== null) this.#held.push(run)
    else run()
  }
}
