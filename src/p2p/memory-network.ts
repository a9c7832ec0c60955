// The world of the twin transport: who is connected to whom, and one queue of deliveries. A delivery runs by itself (in
// microtasks) or when the test says deliver(); the order depends on nothing but what was sent. Partitions and cut links
// are played here.

import type { PublicKey } from '../types/brand.ts'
import type { MemoryTransport } from './memory-transport.ts'

/** One connection between two nodes. What is on its way is lost when it drops. */
export interface MemoryLink {
  readonly nodes: readonly [MemoryTransport, MemoryTransport]
  alive: boolean
  /** Told when the link drops: requests that wait for their reply. */
  readonly requests: Set<() => void>
}

export class MemoryNetwork {
  readonly #automatic: boolean
  readonly #nodes = new Map<PublicKey, MemoryTransport>()
  readonly #links = new Map<string, MemoryLink>()
  readonly #cut = new Set<string>()
  readonly #queue: (() => void)[] = []

  /** `manual`: nothing moves until deliver(). */
  constructor(options: { readonly manual?: boolean } = {}) {
    this.#automatic = !options.manual
  }

  /** Runs what is queued, and what that queues; at most `count` deliveries. Returns how many ran. */
  deliver(count = Number.POSITIVE_INFINITY): number {
    let ran = 0
    while (ran < count) {
      const delivery = this.#queue.shift()
      if (!delivery) break
      delivery()
      ran++
    }
    return ran
  }

  /** Takes the connection between two nodes away until heal(). */
  cut(a: PublicKey, b: PublicKey): void {
    this.#cut.add(pairOf(a, b))
    const link = this.#links.get(pairOf(a, b))
    if (link) this.drop(link)
  }

  /** Cuts every link between nodes of different groups. */
  partition(...groups: readonly (readonly PublicKey[])[]): void {
    for (const [index, group] of groups.entries()) {
      for (const other of groups.slice(index + 1)) {
        for (const a of group) for (const b of other) this.cut(a, b)
      }
    }
  }

  heal(): void {
    this.#cut.clear()
    this.reconcile()
  }

  // ── for memory-transport.ts ──

  enqueue(delivery: () => void): void {
    this.#queue.push(delivery)
    if (this.#automatic) queueMicrotask(() => this.#queue.shift()?.())
  }

  join(node: MemoryTransport): void {
    this.#nodes.set(node.self, node)
    this.reconcile()
  }

  leave(node: MemoryTransport): void {
    if (this.#nodes.get(node.self) === node) this.#nodes.delete(node.self)
    for (const link of [...this.#links.values()]) if (link.nodes.includes(node)) this.drop(link)
  }

  drop(link: MemoryLink): void {
    if (!link.alive) return
    const [a, b] = link.nodes
    link.alive = false
    this.#links.delete(pairOf(a.self, b.self))
    a.onLinkDropped(b.self)
    b.onLinkDropped(a.self)
    for (const lost of link.requests) lost()
  }

  /** Connects what wants to be connected and may. */
  reconcile(): void {
    for (const dialler of this.#nodes.values()) {
      for (const target of dialler.dialTargets()) this.enqueue(() => this.#connect(dialler, target))
    }
  }

  #connect(dialler: MemoryTransport, target: PublicKey): void {
    const listener = this.#nodes.get(target)
    const pair = pairOf(dialler.self, target)
    const isUp = this.#nodes.get(dialler.self) === dialler
    if (!isUp || !listener || this.#cut.has(pair) || this.#links.has(pair)) return
    if (!dialler.gate.isDialled(target) || !listener.gate.admitsInbound(dialler.self, dialler.self)) return
    const link: MemoryLink = { nodes: [dialler, listener], alive: true, requests: new Set() }
    this.#links.set(pair, link)
    dialler.onLinkOpened(link, listener)
    listener.onLinkOpened(link, dialler)
  }
}

function pairOf(a: PublicKey, b: PublicKey): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`
}
