// One direction of one channel between two nodes of the twin: ordered, bounded, one message at a time.

import { SEND_QUEUE_BYTES_MAX } from './limits.ts'
import type { MemoryNetwork } from './memory-network.ts'

export class MemoryPipe {
  readonly #network: MemoryNetwork
  readonly #receive: (message: Uint8Array) => undefined | Promise<void>
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** The receiver has not settled its promise yet. */
  #busy = false
  /** Deliveries that came up while it was busy. */
  #owed = 0
  #closed = false

  /** A promise from `receive` holds back the next message. */
  constructor(network: MemoryNetwork, receive: (message: Uint8Array) => undefined | Promise<void>) {
    this.#network = network
    this.#receive = receive
  }

  push(message: Uint8Array): boolean {
    if (this.#closed) return false
    if (this.#waitingBytes > 0 && this.#waitingBytes + message.length > SEND_QUEUE_BYTES_MAX) return false
    this.#waiting.push(message)
    this.#waitingBytes += message.length
    this.#network.enqueue(() => this.#deliver())
    return true
  }

  close(): void {
    this.#closed = true
    this.#waiting.length = 0
  }

  #deliver(): void {
    if (this.#busy) {
      this.#owed++
      return
    }
    const message = this.#waiting.shift()
    if (!message) return
    this.#waitingBytes -= message.length
    const done = this.#receive(message)
    if (!done) return
    this.#busy = true
    void done.then(() => {
      this.#busy = false
      for (; this.#owed > 0; this.#owed--) this.#network.enqueue(() => this.#deliver())
    })
  }
}
