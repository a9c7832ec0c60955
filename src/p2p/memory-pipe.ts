// One direction of one channel between two nodes of the twin: ordered, bounded, one message at a time.

import { SEND_QUEUE_BYTES_MAX } from './limits.ts'
import type { MemoryNetwork } from './memory-network.ts'

export class MemoryPipe {
  readonly #network: MemoryNetwork
  readonly #receive: (message: Uint8Array) => undefined | Promise<void>
  readonly #waiting: Uint8Array[] = []
  #bytes = 0
  #scheduled = false
  #closed = false

  /** A promise from `receive` holds back the next message. */
  constructor(network: MemoryNetwork, receive: (message: Uint8Array) => undefined | Promise<void>) {
    this.#network = network
    this.#receive = receive
  }

  push(message: Uint8Array): boolean {
    if (this.#closed || (this.#bytes > 0 && this.#bytes + message.length > SEND_QUEUE_BYTES_MAX)) return false
    this.#waiting.push(message)
    this.#bytes += message.length
    this.#schedule()
    return true
  }

  close(): void {
    this.#closed = true
    this.#waiting.length = 0
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return
    this.#scheduled = true
    this.#network.enqueue(() => this.#deliver())
  }

  #deliver(): void {
    const message = this.#waiting.shift()
    if (!message) return
    this.#bytes -= message.length
    const done = this.#receive(message)
    if (done) void done.then(() => this.#onDelivered())
    else this.#onDelivered()
  }

  #onDelivered(): void {
    this.#scheduled = false
    this.#schedule()
  }
}
