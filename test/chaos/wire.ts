// The wire from one node to another, one way, as a proxy of ours plays it: it can be cut, be slow, and lose nothing. What
// is sent while it is cut arrives when it is whole again, as TCP would send it again; so does the news that an end was
// closed. Owns the conditions and the bytes under way, knows no sockets' owners.

import type { Socket } from 'node:net'

export interface Conditions {
  readonly cut: boolean
  readonly delayMs: number
  /** Added to the delay, uniform from 0. Order is kept. */
  readonly jitterMs: number
  readonly bytesPerSecond: number
}

export const WHOLE: Conditions = { cut: false, delayMs: 0, jitterMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY }

/** Under way before the sender is made to wait: what the system's buffers would hold. */
const UNDER_WAY_BYTES_MAX = 256 * 1024

/** What one connection sends this way. */
interface Parcel {
  readonly dueMs: number
  /** Null: the sender closed. */
  readonly chunk: Buffer | null
}

export class Wire {
  #conditions = WHOLE
  readonly #lanes = new Set<Lane>()
  #waiting: (() => void)[] = []

  get conditions(): Conditions {
    return this.#conditions
  }

  set(conditions: Conditions): void {
    this.#conditions = conditions
    if (conditions.cut) return
    for (const resume of this.#waiting.splice(0)) resume()
    for (const lane of this.#lanes) lane.deliver()
  }

  /** Resolves when it is not cut. */
  async passable(): Promise<void> {
    while (this.#conditions.cut) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Carries what `from` receives to `to`, until both are gone. */
  carry(from: Socket, to: Socket): void {
    const lane = new Lane(this, { from, to, onGone: () => this.#lanes.delete(lane) })
    this.#lanes.add(lane)
  }
}

class Lane {
  readonly #wire: Wire
  readonly #to: Socket
  readonly #from: Socket
  readonly #parcels: Parcel[] = []
  #bytes = 0
  #lastDueMs = 0
  #timer: NodeJS.Timeout | null = null

  constructor(wire: Wire, { from, to, onGone }: { from: Socket; to: Socket; onGone: () => void }) {
    this.#wire = wire
    this.#from = from
    this.#to = to
    from.on('data', (chunk: Buffer) => this.#send(chunk))
    // A reset is told to the other side as an end: it closes either way.
    from.on('close', () => this.#send(null))
    from.on('error', () => undefined)
    to.on('drain', () => this.#flow())
    to.on('close', () => {
      if (this.#timer !== null) clearTimeout(this.#timer)
      onGone()
    })
  }

  #send(chunk: Buffer | null): void {
    const { delayMs, jitterMs, bytesPerSecond } = this.#wire.conditions
    const nowMs = performance.now()
    const transferMs = ((chunk?.length ?? 0) * 1_000) / bytesPerSecond
    const dueMs = Math.max(nowMs + delayMs + Math.random() * jitterMs, this.#lastDueMs) + transferMs
    this.#lastDueMs = dueMs
    this.#parcels.push({ dueMs, chunk })
    this.#bytes += chunk?.length ?? 0
    this.deliver()
    this.#flow()
  }

  deliver(): void {
    if (this.#timer !== null || this.#wire.conditions.cut) return
    const nowMs = performance.now()
    for (;;) {
      const [first] = this.#parcels
      if (first === undefined) return
      if (first.dueMs > nowMs) {
        this.#timer = setTimeout(() => {
          this.#timer = null
          this.deliver()
        }, first.dueMs - nowMs)
        return
      }
      this.#parcels.shift()
      if (first.chunk === null) this.#to.destroySoon()
      else {
        this.#bytes -= first.chunk.length
        this.#to.write(first.chunk)
      }
      this.#flow()
    }
  }

  #flow(): void {
    if (this.#bytes > UNDER_WAY_BYTES_MAX || this.#to.writableNeedDrain) this.#from.pause()
    else this.#from.resume()
  }
}
