// The sending side of one WebSocket: bounded. Whoever sends waits while too much is unsent, and a peer that does not
// read for long is closed, with a code that says so.

import type { WebSocket } from 'ws'
import { SLOW_SUBSCRIBER_MS, UNSENT_BYTES_MAX } from './limits.ts'

/** WebSocket close codes of the RPC, besides the standard 1001 (node stops) and 1009 (message too large). */
export const CLOSE = {
  /** Read too slowly: reconnect and go on from the last cursor. */
  slowSubscriber: { code: 4001, reason: 'SLOW_SUBSCRIBER' },
  /** A binary frame: requests are text. */
  notText: { code: 1003, reason: 'expected text frames' },
  stopping: { code: 1001, reason: 'NOT_READY' },
} as const

export interface OutboxOptions {
  readonly unsentBytesMax?: number
  readonly slowSubscriberMs?: number
}

export class Outbox {
  private readonly socket: WebSocket
  private readonly unsentBytesMax: number
  private readonly slowSubscriberMs: number

  constructor(socket: WebSocket, options: OutboxOptions = {}) {
    this.socket = socket
    this.unsentBytesMax = options.unsentBytesMax ?? UNSENT_BYTES_MAX
    this.slowSubscriberMs = options.slowSubscriberMs ?? SLOW_SUBSCRIBER_MS
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  /** Resolves at once while little is unsent, else when this text has left; closes a peer that takes too long. */
  async send(text: string): Promise<void> {
    if (!this.isOpen) return
    // An error of the socket closes it, which its owner hears of; here it only means that the wait is over.
    const left = new Promise<'left'>((resolve) => this.socket.send(text, () => resolve('left')))
    if (this.socket.bufferedAmount <= this.unsentBytesMax) return
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<'slow'>((resolve) => {
      timer = setTimeout(resolve, this.slowSubscriberMs, 'slow')
    })
    const outcome = await Promise.race([left, tooLong])
    clearTimeout(timer)
    if (outcome === 'slow') this.close(CLOSE.slowSubscriber)
  }

  close({ code, reason }: { readonly code: number; readonly reason: string }): void {
    this.socket.close(code, reason)
  }
}
