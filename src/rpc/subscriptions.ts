// Event subscriptions. Each one pulls pages from its cursor: first what is committed, then, woken by commits, what comes.
// Catching up and following are the same loop over one cursor, so there is no seam for a gap or a duplicate, and a slow
// reader leaves its events in the store instead of in memory.

import type { Gauge } from 'prom-client'
import { randomBytes } from '../crypto/random.ts'
import { RpcError, type RpcErrorCode } from './errors.ts'
import { type EventView, viewEvent } from './event-access.ts'
import { EVENTS_DEFAULT, SUBSCRIPTIONS_MAX } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { cursorText } from './schema.ts'
import type { Cursor, EventService, RpcLog } from './services.ts'

/** Counts commits and wakes whoever waits for the next one. */
export class CommitSignal {
  count = 0
  private wake = Promise.withResolvers<void>()
  private readonly unsubscribe: () => void

  constructor(events: EventService) {
    this.unsubscribe = events.onCommit(() => {
      this.count++
      this.wake.resolve()
      this.wake = Promise.withResolvers()
    })
  }

  /** Resolves once more than `count` commits were counted, or `ended` does. */
  async after(count: number, ended: Promise<void>): Promise<void> {
    if (this.count === count) await Promise.race([this.wake.promise, ended])
  }

  close(): void {
    this.unsubscribe()
  }
}

export interface SubscriptionServices {
  readonly events: EventService
  readonly commits: CommitSignal
  readonly log: RpcLog
  readonly active: Gauge
  nowMs(): number
}

export interface SubscriptionOptions extends EventView {
  readonly from: Cursor
}

/** Why a subscription ended without being asked to. */
type EndCode = 'READ_EXPIRED' | RpcErrorCode

interface Subscription extends SubscriptionOptions {
  readonly id: string
  readonly ended: PromiseWithResolvers<void>
  isEnded: boolean
}

/** The subscriptions of one connection. */
export class Subscriber {
  private readonly outbox: Outbox
  private readonly services: SubscriptionServices
  private readonly subscriptions = new Map<string, Subscription>()

  constructor(outbox: Outbox, services: SubscriptionServices) {
    this.outbox = outbox
    this.services = services
  }

  /** Returns the id and what starts the flow. Throws RETRY_LATER beyond the bound. */
  open(options: SubscriptionOptions): { id: string; start: () => void } {
    if (this.subscriptions.size >= SUBSCRIPTIONS_MAX) {
      throw new RpcError('RETRY_LATER', { accepted: `${SUBSCRIPTIONS_MAX} subscriptions`, retryAfterMs: 1_000 })
    }
    const id = randomBytes(8).toHex()
    const subscription = { ...options, id, ended: Promise.withResolvers<void>(), isEnded: false }
    this.subscriptions.set(id, subscription)
    this.services.active.inc()
    return { id, start: () => void this.flow(subscription) }
  }

  /** False for an id that is not (or no longer) of this connection. */
  close(id: string): boolean {
    const subscription = this.subscriptions.get(id)
    if (subscription === undefined) return false
    subscription.isEnded = true
    subscription.ended.resolve()
    this.subscriptions.delete(id)
    this.services.active.dec()
    return true
  }

  closeAll(): void {
    for (const id of [...this.subscriptions.keys()]) this.close(id)
  }

  private async flow(subscription: Subscription): Promise<void> {
    try {
      await this.pull(subscription)
    } catch (error) {
      const code = error instanceof RpcError ? error.code : 'INTERNAL_ERROR'
      if (code === 'INTERNAL_ERROR') this.services.log.error({ err: error }, 'event subscription failed')
      await this.end(subscription, { code, next: null })
    }
  }

  private async pull(subscription: Subscription): Promise<void> {
    const { events, commits } = this.services
    let cursor = subscription.from
    while (!subscription.isEnded && this.outbox.isOpen) {
      const seen = commits.count
      const page = await events.eventsFrom(cursor, EVENTS_DEFAULT)
      if (subscription.isEnded) return
      if (this.isExpired(subscription)) return this.end(subscription, { code: 'READ_EXPIRED', next: cursor })
      cursor = page.next
      const shown = page.events.flatMap((event) => viewEvent(event, subscription) ?? [])
      if (shown.length > 0) await this.notify('events.next', { subscription: subscription.id, events: shown })
      if (!page.more) await commits.after(seen, subscription.ended.promise)
    }
  }

  private isExpired({ read }: Subscription): boolean {
    return read !== null && read.expiresAtMs <= this.services.nowMs()
  }

  private async end({ id }: Subscription, { code, next }: { code: EndCode; next: Cursor | null }): Promise<void> {
    if (!this.close(id)) return
    await this.notify('events.ended', { subscription: id, code, next: next && cursorText(next) })
  }

  private notify(method: string, params: object): Promise<void> {
    return this.outbox.send(JSON.stringify({ jsonrpc: '2.0', method, params }))
  }
}
