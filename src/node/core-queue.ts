// Events on their way into the core: many bring them, one loop takes them. Whoever brings faster than they are taken is
// paused; after `close` nothing gets in.

import type { Occurrence } from '../consensus/events.ts'

/** Events waiting before a peer's stream is paused. */
const WAITING_MAX = 1_000

export class CoreQueue {
  /** What arrives while the transport starts waits behind the start. */
  readonly #waiting: Occurrence[] = [{ kind: 'start' }]
  readonly #paused: (() => void)[] = []
  #awake = false
  #wake: () => void = () => undefined
  #closed = false

  get isClosed(): boolean {
    return this.#closed
  }

  post(occurrence: Occurrence): void {
    if (this.#closed) return
    this.#waiting.push(occurrence)
    this.rouse()
  }

  /** The loop has something to look at, be it an event or not. */
  rouse(): void {
    this.#awake = true
    this.#wake()
  }

  /** Until there is something to look at. */
  async roused(): Promise<void> {
    while (!this.#awake) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#awake = false
  }

  /** All that waits, oldest first. */
  take(): readonly Occurrence[] {
    return this.#waiting.splice(0)
  }

  /** For whoever has just brought something: settles when there is room again. */
  room(): undefined | Promise<void> {
    return this.#waiting.length < WAITING_MAX ? undefined : new Promise((resolve) => this.#paused.push(resolve))
  }

  resume(): void {
    for (const resume of this.#paused.splice(0)) resume()
  }

  /** Streams that wait for room go on: what they bring is dropped. */
  close(): void {
    this.#closed = true
    this.#waiting.length = 0
    this.resume()
    this.rouse()
  }
}
