// Virtual time: what is to happen, in the order of (time, sequence). Nothing else moves the world.

export interface Happening {
  readonly atMs: number
  readonly sequence: number
  readonly run: () => void
  isCancelled: boolean
}

export class EventQueue {
  nowMs = 0
  #sequence = 0
  /** A binary heap. */
  readonly #heap: Happening[] = []

  /** Happenings so far: tells moments of one time apart. */
  get sequence(): number {
    return this.#sequence
  }

  after(delayMs: number, run: () => void): Happening {
    const happening = { atMs: this.nowMs + Math.max(0, delayMs), sequence: this.#sequence++, run, isCancelled: false }
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Happening
      if (!isBefore(happening, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = happening
    return happening
  }

  /** The next one due by then, and its time has come; undefined when there is none. */
  next(untilMs: number): Happening | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#removeFirst()
      if (first.isCancelled) continue
      this.nowMs = first.atMs
      return first
    }
    return undefined
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop() as Happening
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Happening, heap[child] as Happening)) child++
      const below = heap[child] as Happening
      if (!isBefore(below, last)) break
      heap[at] = below
      at = child
    }
    heap[at] = last
  }
}

const isBefore = (left: Happening, right: Happening): boolean =>
  left.atMs !== right.atMs ? left.atMs < right.atMs : left.sequence < right.sequence
