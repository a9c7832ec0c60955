// When a leader makes its next block. A transaction waits a moment for company. While two blocks wait for their certificate,
// the next one waits until it would be at least as large as all of them together: under load, blocks grow until a few are
// under way, instead of many small ones that each cost every validator a signature, a sync and a round of messages. Over
// slow links nobody waits longer than `PIPELINE_AFTER_MS`.

import type { Cancel, Timers } from './clock.ts'

/** Made whatever their size: one on its way to the followers, one being acked. */
const FREE_BLOCKS = 2

/** Well above a commit between neighbours, and below what people notice. */
export const PIPELINE_AFTER_MS = 100

export interface BlockPaceOptions {
  readonly timers: Timers
  /** How long the first transaction waits for company, in ms. */
  readonly batchDelayMs: number
  readonly nowMs: () => number
  /** It may be time: ask `isDue`. */
  readonly onDue: () => void
}

export class BlockPace {
  readonly #options: BlockPaceOptions
  #timer: Cancel | null = null
  /** Since when something may have been waiting for its block; null: nothing is. */
  #dueSinceMs: number | null = null

  constructor(options: BlockPaceOptions) {
    this.#options = options
  }

  /** Something new waits. */
  arrived(): void {
    if (this.#dueSinceMs !== null || this.#timer !== null) return
    this.#setTimer(this.#options.batchDelayMs, () => {
      this.#dueSinceMs = this.#options.nowMs()
    })
  }

  /**
   * May a block be made now? `waiting`: transactions that are in no block; where that is not known to be more than none,
   * whoever asks has to look.
   */
  isDue(load: { waiting: number; transactionsInFlight: number; blocksInFlight: number }): boolean {
    if (this.#dueSinceMs === null) return false
    const { waiting, transactionsInFlight, blocksInFlight } = load
    if (waiting <= 0 || blocksInFlight < FREE_BLOCKS || waiting >= transactionsInFlight) return true
    const leftMs = this.#dueSinceMs + PIPELINE_AFTER_MS - this.#options.nowMs()
    if (leftMs <= 0) return true
    if (this.#timer === null) this.#setTimer(leftMs, () => undefined)
    return false
  }

  /** A block was made; more may wait. */
  made(): void {
    if (this.#dueSinceMs !== null) this.#dueSinceMs = this.#options.nowMs()
  }

  /** Nothing waits any more; what arrives next is waited for anew, not for a timer that was set before it. */
  idle(): void {
    this.stop()
    this.#dueSinceMs = null
  }

  stop(): void {
    this.#timer?.()
    this.#timer = null
  }

  #setTimer(delayMs: number, then: () => void): void {
    this.#timer = this.#options.timers.after(delayMs, () => {
      this.#timer = null
      then()
      this.#options.onDue()
    })
  }
}
