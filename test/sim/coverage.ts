// What a campaign's runs were worth: how much they certified, and how often each kind of fault and lie happened in runs that
// count. A run counts when it certified enough blocks and everything that was planned for it happened.

import { BLOCKS_MIN } from './limits.ts'
import { table } from './report.ts'
import type { Outcome } from './simulate.ts'

interface Fired {
  runs: number
  times: number
}

export class Coverage {
  #runs = 0
  #counting = 0
  #virtualMs = 0
  #blocks = 0
  #transactions = 0
  #resumedMaxMs = 0
  readonly #startMs = performance.now()
  readonly #fired = new Map<string, Fired>()
  readonly #missed = new Map<string, number>()

  add({ blocks, transactions, virtualMs, fired, missed, resumedMs }: Outcome): void {
    this.#runs++
    this.#virtualMs += virtualMs
    this.#blocks += blocks
    this.#transactions += transactions
    this.#resumedMaxMs = Math.max(this.#resumedMaxMs, resumedMs ?? 0)
    for (const name of missed) this.#missed.set(name, (this.#missed.get(name) ?? 0) + 1)
    if (blocks < BLOCKS_MIN || missed.length > 0) return
    this.#counting++
    for (const [name, times] of Object.entries(fired)) {
      const entry = this.#fired.get(name) ?? { runs: 0, times: 0 }
      this.#fired.set(name, { runs: entry.runs + 1, times: entry.times + times })
    }
  }

  get #seconds(): number {
    return (performance.now() - this.#startMs) / 1_000
  }

  line(seeds: number): string {
    const speed = Math.round(this.#virtualMs / 1_000 / this.#seconds)
    return `${this.#runs} of ${seeds} seeds, ${this.#counting} count, ${speed} virtual seconds per second`
  }

  figures() {
    const seconds = this.#seconds
    return {
      runs: this.#runs,
      counting: this.#counting,
      seconds,
      virtualSeconds: this.#virtualMs / 1_000,
      virtualSecondsPerSecond: this.#virtualMs / 1_000 / seconds,
      seedsPerSecond: this.#runs / seconds,
      blocks: this.#blocks,
      transactions: this.#transactions,
      slowestResumptionMs: this.#resumedMaxMs,
      fired: Object.fromEntries([...this.#fired].sort()),
      missed: Object.fromEntries([...this.#missed].sort()),
    }
  }

  describe(): string {
    const {
      runs,
      counting,
      virtualSeconds,
      virtualSecondsPerSecond,
      seedsPerSecond,
      blocks,
      transactions,
      slowestResumptionMs,
    } = this.figures()
    const names = new Set([...this.#fired.keys(), ...this.#missed.keys()])
    const rows = [...names].sort().map((name) => {
      const { runs = 0, times = 0 } = this.#fired.get(name) ?? {}
      return [name, String(runs), String(times), String(this.#missed.get(name) ?? 0)]
    })
    return [
      table(['fault or lie', 'runs that count', 'times', 'runs where it did not happen'], rows),
      '',
      `${runs} runs, ${counting} count (at least ${BLOCKS_MIN} blocks, and all that was planned happened)`,
      `${blocks} blocks, ${transactions} acknowledged transactions in ${Math.round(virtualSeconds)} virtual seconds`,
      `${virtualSecondsPerSecond.toFixed(0)} virtual seconds per second, ${seedsPerSecond.toFixed(1)} seeds per second`,
      `slowest resumption after the faults: ${Math.round(slowestResumptionMs)} ms`,
    ].join('\n')
  }
}
