// Follows the chain's events for ever: reconnects, moves to another node, and goes on exactly where it was.

import * as z from 'zod'
import type { Hash, IdentityId } from '../types/brand.ts'
import { backoffMs, sleep, throwIfAborted } from './backoff.ts'
import { type Endpoint, isUnreachable } from './endpoint.ts'
import { isRefusal } from './errors.ts'
import { type ChainEvent, openEventStream } from './event-stream.ts'
import { createRead, type ReadRequest } from './signer.ts'

export interface FollowOptions {
  /** A height, or the cursor of the last event seen. Without it: what comes from now on. */
  readonly from?: number | string
  readonly filter?: { readonly contract?: string; readonly name?: string }
  /** Needed for events that concern a patient; subject null: all, for members. */
  readonly read?: ReadRequest & { readonly subject: IdentityId | null }
  readonly signal?: AbortSignal
}

export interface FollowPorts {
  readonly endpoint: Endpoint
  readonly chainId: Hash
  readonly WebSocket: typeof WebSocket
}

/** Each event once, in order. Keep `event.cursor` to go on after a restart. Throws REFUSED, BAD_ANSWER, ABORTED. */
export async function* followEvents(ports: FollowPorts, options: FollowOptions): AsyncGenerator<ChainEvent, void> {
  const { filter = {}, signal } = options
  let from = options.from ?? (await nextHeight(ports.endpoint, signal))
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal)
    const stream = openEventStream({
      url: ports.endpoint.url,
      params: { from, filter, read: signedRead(ports, options) },
      WebSocket: ports.WebSocket,
      signal,
    })
    try {
      for await (const events of stream) {
        attempt = 1
        for (const event of events) {
          from = event.cursor
          yield event
        }
      }
    } catch (error) {
      throwIfAborted(signal)
      if (!isUnreachable(error) && !isRefusal(error, 'NOT_READY', 'RETRY_LATER', 'TIMEOUT')) throw error
      ports.endpoint.moveOn()
    }
    await sleep(backoffMs(attempt), signal)
  }
}

/** Asked once, before the first connection: whatever happens to that one, nothing committed from here on is missed. */
async function nextHeight(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<number> {
  const { height } = await endpoint.call('node.status', {}, z.object({ height: z.int() }), { signal })
  return height + 1
}

/** A fresh one for every connection: each is good once. */
function signedRead({ chainId }: FollowPorts, { read }: FollowOptions) {
  return read && createRead(read, { chainId, subject: read.subject })
}
