// When each member was last heard on the consensus stream, and what it acked last, for operators. Its own word, taken before
// the core has judged it: nothing depends on it.

import type { Message } from '../consensus/messages.ts'
import type { Seat } from '../types/brand.ts'

export interface PeerHeard {
  readonly atMs: number
  readonly lastAck: { readonly height: number; readonly atMs: number } | null
}

export class PeerWatch {
  /** Whoever ever had a seat, at most. */
  readonly #heard = new Map<Seat, PeerHeard>()

  noted(from: Seat, message: Message, atMs: number): void {
    const ack = message.kind === 'appendReply' ? message.acks.at(-1)?.ack : undefined
    const lastAck = ack === undefined ? (this.#heard.get(from)?.lastAck ?? null) : { height: ack.height, atMs }
    this.#heard.set(from, { atMs, lastAck })
  }

  lastOf(seat: Seat): PeerHeard | null {
    return this.#heard.get(seat) ?? null
  }
}
