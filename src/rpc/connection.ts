// One WebSocket: requests in, answers and notifications out, both bounded.

import type { RawData, WebSocket } from 'ws'
import type { Dispatcher } from './dispatch.ts'
import { MESSAGES_IN_FLIGHT_MAX, PING_INTERVAL_MS } from './limits.ts'
import { CLOSE, Outbox, type OutboxOptions } from './outbox.ts'
import { Subscriber, type SubscriptionServices } from './subscriptions.ts'

export interface ConnectionServices extends SubscriptionServices {
  readonly dispatcher: Dispatcher
  readonly outbox: OutboxOptions
}

/** Serves the socket until it closes. Calls `onClose` once. */
export function serveConnection(socket: WebSocket, services: ConnectionServices, onClose: () => void): void {
  const outbox = new Outbox(socket, services.outbox)
  const subscriber = new Subscriber(outbox, services)
  let inFlight = 0

  async function serve(data: Uint8Array): Promise<void> {
    // Nothing beyond the bound is read from the socket: TCP tells the peer to wait.
    if (++inFlight >= MESSAGES_IN_FLIGHT_MAX) socket.pause()
    const afterReply: (() => void)[] = []
    try {
      const answer = await services.dispatcher.answer(data, {
        subscriber,
        credential: null,
        afterReply: (action) => afterReply.push(action),
      })
      if (answer !== null) await outbox.send(answer)
      for (const action of afterReply) action()
    } catch (error) {
      services.log.error({ err: error }, 'websocket message failed')
    } finally {
      if (--inFlight < MESSAGES_IN_FLIGHT_MAX) socket.resume()
    }
  }

  const stopPinging = keepAlive(socket)
  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) outbox.close(CLOSE.notText)
    else void serve(data as Buffer)
  })
  socket.on('close', () => {
    stopPinging()
    subscriber.closeAll()
    onClose()
  })
}

/** Drops a peer that vanished without a word. */
function keepAlive(socket: WebSocket): () => void {
  let isAlive = true
  socket.on('pong', () => {
    isAlive = true
  })
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, PING_INTERVAL_MS)
  return () => clearInterval(timer)
}
