// The network between simulated nodes: connections that come up, break and are cut, and messages on them that take their
// time, get lost, overtake each other or arrive twice. Streams of production are ordered and whole; what is weaker here the
// protocol has to bear, too. Faults turn the knobs of single directions.

import type { PublicKey } from '../../src/types/brand.ts'
import type { EventQueue } from './event-queue.ts'
import type { Random } from './random.ts'
import type { SimulatedTransport } from './transport.ts'

/** One direction between two nodes. */
export interface Road {
  delayMs: number
  jitterMs: number
  loss: number
  duplication: number
  /** Part of the messages that may be overtaken. */
  reordering: number
  /** Everything vanishes, and nobody is told. */
  isSilent: boolean
}

interface Lane extends Road {
  /** When the latest ordered message arrives. */
  lastArrivalMs: number
  /** Of the connection that stands, the same in both directions; null when there is none. */
  connection: number | null
  /** May not be connected, in both directions. */
  isCut: boolean
}

const GOOD: Road = { delayMs: 0.5, jitterMs: 0.5, loss: 0, duplication: 0, reordering: 0, isSilent: false }
const REDIAL_MS = 250

export class Network {
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #nodes = new Map<PublicKey, SimulatedTransport>()
  /** By sender and receiver. */
  readonly #lanes = new Map<PublicKey, Map<PublicKey, Lane>>()
  #connectionCount = 0
  #isDialling = false
  /** Of all lanes that no fault has touched. */
  #usual: Road = GOOD
  /** What happened to messages, for the report. */
  readonly counts = { sent: 0, lost: 0, duplicated: 0, reordered: 0, silenced: 0 }

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue
    this.#random = random
  }

  /** How all roads are from now on, until a fault changes one. */
  set usual(road: Partial<Road>) {
    this.#usual = { ...this.#usual, ...road }
    for (const lane of this.#allLanes()) Object.assign(lane, this.#usual)
  }

  road(from: PublicKey, to: PublicKey): Road {
    return this.#lane(from, to)
  }

  /** All roads are good and nothing is cut. */
  heal(): void {
    this.#usual = GOOD
    for (const lane of this.#allLanes()) Object.assign(lane, GOOD, { isCut: false })
    this.#dialSoon()
  }

  /** Breaks the connection of two nodes, and keeps it broken until `mend`. Both are told. */
  cut(a: PublicKey, b: PublicKey): void {
    for (const lane of this.#bothLanes(a, b)) lane.isCut = true
    this.disconnect(a, b)
  }

  mend(a: PublicKey, b: PublicKey): void {
    for (const lane of this.#bothLanes(a, b)) lane.isCut = false
    this.#dialSoon()
  }

  isCut(a: PublicKey, b: PublicKey): boolean {
    return this.#lane(a, b).isCut
  }

  /** Breaks the connection; it is dialled again. What is on its way is lost. */
  disconnect(a: PublicKey, b: PublicKey): void {
    if (!this.isConnected(a, b)) return
    for (const lane of this.#bothLanes(a, b)) lane.connection = null
    for (const [self, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#queue.after(this.#random.between(0.1, 5), () => this.#nodes.get(self)?.lost(peer))
    }
    this.#dialSoon()
  }

  // ── for transport.ts ──

  join(node: SimulatedTransport): void {
    this.#nodes.set(node.self, node)
    this.#dialSoon()
  }

  /** The process has ended: its peers see the connections close. */
  leave(node: SimulatedTransport): void {
    if (this.#nodes.get(node.self) !== node) return
    this.#nodes.delete(node.self)
    for (const other of this.#nodes.keys()) this.disconnect(node.self, other)
  }

  node(key: PublicKey): SimulatedTransport | undefined {
    return this.#nodes.get(key)
  }

  isConnected(a: PublicKey, b: PublicKey): boolean {
    return this.#lane(a, b).connection !== null
  }

  /** Has `deliver` run when the message arrives, as often as it does. `isOrdered`: behind what was sent before it. */
  carry({ from, to, isOrdered }: { from: PublicKey; to: PublicKey; isOrdered: boolean }, deliver: () => void): void {
    const lane = this.#lane(from, to)
    const { connection } = lane
    if (connection === null) return
    const random = this.#random
    this.counts.sent++
    if (lane.isSilent) {
      this.counts.silenced++
      return
    }
    if (lane.loss > 0 && random.chance(lane.loss)) {
      this.counts.lost++
      return
    }
    const arrive = (): void => {
      if (lane.connection === connection) deliver()
    }
    let arrivalMs = this.#queue.nowMs + lane.delayMs + random.fraction() * lane.jitterMs
    if (lane.reordering > 0 && random.chance(lane.reordering)) {
      this.counts.reordered++
      arrivalMs += random.fraction() * 4 * (lane.delayMs + lane.jitterMs)
    } else if (isOrdered) {
      arrivalMs = Math.max(arrivalMs, lane.lastArrivalMs)
      lane.lastArrivalMs = arrivalMs
    }
    this.#queue.after(arrivalMs - this.#queue.nowMs, arrive)
    if (lane.duplication > 0 && random.chance(lane.duplication)) {
      this.counts.duplicated++
      this.#queue.after(arrivalMs - this.#queue.nowMs + random.fraction() * 20, arrive)
    }
  }

  /** Whoever may connect does, a moment later. */
  #dialSoon(): void {
    if (this.#isDialling) return
    this.#isDialling = true
    this.#queue.after(this.#random.between(1, 20), () => {
      this.#isDialling = false
      this.#dial()
    })
  }

  #dial(): void {
    const nodes = [...this.#nodes.values()]
    let isWaiting = false
    for (const [index, a] of nodes.entries()) {
      for (const b of nodes.slice(index + 1)) {
        const [there, back] = this.#bothLanes(a.self, b.self)
        if (there.connection !== null || there.isCut) continue
        const isPossible = a.admits(b.self) && b.admits(a.self)
        if (!isPossible || there.isSilent || back.isSilent) isWaiting = true
        else this.#connect(a, b)
      }
    }
    if (isWaiting) this.#queue.after(REDIAL_MS, () => this.#dialSoon())
  }

  #connect(a: SimulatedTransport, b: SimulatedTransport): void {
    this.#connectionCount++
    for (const lane of this.#bothLanes(a.self, b.self)) lane.connection = this.#connectionCount
    a.found(b.self)
    b.found(a.self)
  }

  #lane(from: PublicKey, to: PublicKey): Lane {
    let lanes = this.#lanes.get(from)
    if (lanes === undefined) {
      lanes = new Map()
      this.#lanes.set(from, lanes)
    }
    let lane = lanes.get(to)
    if (lane === undefined) {
      lane = { ...this.#usual, lastArrivalMs: 0, connection: null, isCut: false }
      lanes.set(to, lane)
    }
    return lane
  }

  #bothLanes(a: PublicKey, b: PublicKey): readonly [there: Lane, back: Lane] {
    return [this.#lane(a, b), this.#lane(b, a)]
  }

  *#allLanes(): Generator<Lane> {
    for (const lanes of this.#lanes.values()) yield* lanes.values()
  }
}
