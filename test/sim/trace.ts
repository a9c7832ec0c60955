// What happened, in two forms: a hash over everything, which tells two runs of one seed apart in one bit, and the last
// remarkable lines, for people. Lines are made only when somebody reads them.

export interface TraceLine {
  readonly atMs: number
  /** Name of the node, or of what acts from outside. */
  readonly who: string
  readonly text: () => string
}

const KEPT_MAX = 4_000

export class Trace {
  readonly #now: () => number
  #high = 0x9e3779b9
  #low = 0x243f6a88
  #lines: TraceLine[] = []
  /** Called with each line as it comes. */
  onLine: ((line: TraceLine) => void) | null = null

  constructor(now: () => number) {
    this.#now = now
  }

  /** Into the hash. Order counts. */
  mix(value: number): void {
    const bits = value | 0
    const rest = Math.floor(value / 2 ** 32) | 0
    this.#high = Math.imul(this.#high ^ bits, 0x85ebca6b) ^ (this.#low >>> 13)
    this.#low = Math.imul(this.#low ^ rest ^ (this.#high >>> 16), 0xc2b2ae35) + this.#high
  }

  /** The first 52 bits of a hash. */
  mixHash(hash: string): void {
    this.mix(Number.parseInt(hash.slice(0, 13), 16))
  }

  line(who: string, text: () => string): void {
    const line = { atMs: this.#now(), who, text }
    this.#lines.push(line)
    if (this.#lines.length > 2 * KEPT_MAX) this.#lines = this.#lines.slice(-KEPT_MAX)
    this.onLine?.(line)
  }

  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  last(count: number): readonly TraceLine[] {
    return this.#lines.slice(-count)
  }
}

export function describeLine({ atMs, who, text }: TraceLine): string {
  return `${(atMs / 1_000).toFixed(4).padStart(9)} s  ${who.padEnd(8)} ${text()}`
}
