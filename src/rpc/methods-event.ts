// events.*: the committed events, a page at a time or as they come.

import * as z from 'zod'
import type { SignedRead } from '../types/signed-read.ts'
import { RpcError } from './errors.ts'
import { viewEvent } from './event-access.ts'
import { defineMethod, type Method } from './method.ts'
import {
  cursorSchema,
  cursorText,
  eventFilterSchema,
  eventLimitSchema,
  eventSchema,
  signedReadSchema,
} from './schema.ts'
import type { ChainService, EventService } from './services.ts'
import type { ReadGuard } from './signed-reads.ts'

export function eventMethods(
  { events, chain }: { events: EventService; chain: ChainService },
  guard: ReadGuard,
): readonly Method[] {
  const admit = async (read: SignedRead | undefined): Promise<SignedRead | null> =>
    read === undefined ? null : guard.admitAnySubject(read, { kind: 'events' })

  return [
    defineMethod({
      name: 'events.list',
      summary: 'A page of committed events. Those that concern a patient are shown to a signed read only.',
      params: z.strictObject({
        from: cursorSchema.default({ height: 0, index: 0 }),
        limit: eventLimitSchema,
        filter: eventFilterSchema.default({}),
        read: signedReadSchema.optional(),
      }),
      result: z.strictObject({
        events: z.array(eventSchema),
        next: z.string().describe('Cursor of the next page.'),
        more: z.boolean().describe('Are there committed events to be looked at behind next?'),
      }),
      errors: ['NOT_READY', 'NOT_KEPT', 'INVALID_READ', 'NOT_ENTITLED', 'RETRY_LATER'],
      run: async ({ from, limit, filter, read: presented }) => {
        const read = await admit(presented)
        const page = await events.eventsFrom(from, limit)
        const shown = page.events.flatMap((event) => viewEvent(event, { filter, read }) ?? [])
        return { events: shown, next: cursorText(page.next), more: page.more }
      },
    }),
    defineMethod({
      name: 'events.subscribe',
      summary:
        'Notifications events.next from a cursor on, without gap or duplicate; events.ended when it cannot go on.',
      params: z.strictObject({
        from: cursorSchema.optional().describe('Without it: from the next commit on.'),
        filter: eventFilterSchema.default({}),
        read: signedReadSchema.optional(),
      }),
      result: z.strictObject({ subscription: z.string(), from: z.string() }),
      errors: ['NOT_READY', 'NOT_KEPT', 'INVALID_READ', 'NOT_ENTITLED', 'RETRY_LATER'],
      needsSocket: true,
      run: async ({ from: asked, filter, read: presented }, { subscriber, afterReply }) => {
        const read = await admit(presented)
        const from = asked ?? { height: (await chain.head()).header.height + 1, index: 0 }
        if (subscriber === null) throw new RpcError('METHOD_NOT_FOUND')
        const { id, start } = subscriber.open({ from, filter, read })
        afterReply(start)
        return { subscription: id, from: cursorText(from) }
      },
    }),
    defineMethod({
      name: 'events.unsubscribe',
      summary: 'Ends a subscription of this connection.',
      params: z.strictObject({ subscription: z.string() }),
      result: z.boolean().describe('False: there was no such subscription.'),
      errors: [],
      needsSocket: true,
      run: ({ subscription }, { subscriber }) => subscriber?.close(subscription) ?? false,
    }),
  ]
}
