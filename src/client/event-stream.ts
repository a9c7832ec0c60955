// One WebSocket with one event subscription, as an async iterable: ends when the connection does. The queue is bounded: a
// consumer that falls behind loses the connection, not events, since it goes on from its cursor.

import * as z from 'zod'
import { parseAnswer } from './endpoint.ts'
import { ClientError } from './errors.ts'

export const chainEventSchema = z.object({
  /** Where to go on behind this event. */
  cursor: z.string(),
  height: z.int(),
  timeMs: z.int(),
  transactionId: z.string().nullable(),
  callIndex: z.int(),
  contract: z.string(),
  name: z.string(),
  fields: z.unknown(),
})
export type ChainEvent = z.output<typeof chainEventSchema>

const nextSchema = z.object({
  method: z.literal('events.next'),
  params: z.object({ events: z.array(chainEventSchema) }),
})
const endedSchema = z.object({ method: z.literal('events.ended'), params: z.object({ code: z.string() }) })
const subscribedSchema = z.object({ subscription: z.string() })

export interface EventStreamOptions {
  readonly url: URL
  /** Of events.subscribe. */
  readonly params: object
  readonly WebSocket: typeof WebSocket
  readonly signal?: AbortSignal | undefined
}

const QUEUE_MAX = 10_000

/** Yields batches. Throws REFUSED when the node refuses the subscription, UNREACHABLE when no connection came about. */
export async function* openEventStream(options: EventStreamOptions): AsyncGenerator<readonly ChainEvent[], void> {
  const { url, params, signal } = options
  const socket = new options.WebSocket(socketUrl(url))
  const queue: ChainEvent[] = []
  let failure: ClientError | undefined
  let isSubscribed = false
  let isClosed = false
  let wake = Promise.withResolvers<void>()

  const close = (): void => socket.close()
  const fail = (error: ClientError): void => {
    failure = error
    close()
  }
  const onMessage = (text: string): void => {
    const message = parseJson(text)
    const next = nextSchema.safeParse(message)
    if (next.success) {
      queue.push(...next.data.params.events)
      if (queue.length > QUEUE_MAX) close()
    } else if (endedSchema.safeParse(message).success) {
      close()
    } else {
      parseAnswer(message, { result: subscribedSchema, what: `${url.host}: events.subscribe` })
      isSubscribed = true
    }
    wake.resolve()
  }

  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'events.subscribe', params }))
  })
  socket.addEventListener('message', ({ data }) => {
    try {
      onMessage(String(data))
    } catch (error) {
      fail(error as ClientError)
    }
  })
  socket.addEventListener('close', () => {
    isClosed = true
    wake.resolve()
  })
  // A close event always follows, and carries all that is known.
  socket.addEventListener('error', () => wake.resolve())
  signal?.addEventListener('abort', close)

  try {
    while (true) {
      if (queue.length > 0) yield queue.splice(0)
      else if (isClosed) break
      else {
        await wake.promise
        wake = Promise.withResolvers()
      }
    }
    if (failure) throw failure
    if (!isSubscribed) throw new ClientError('UNREACHABLE', `${url.host}: no event subscription`)
  } finally {
    signal?.removeEventListener('abort', close)
    close()
  }
}

function socketUrl(url: URL): URL {
  const socket = new URL(url)
  socket.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return socket
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ClientError('BAD_ANSWER', 'event stream: not JSON', { cause: error })
  }
}
