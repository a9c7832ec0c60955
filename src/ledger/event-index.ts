// Contract events in the order of the chain, read from the receipts themselves: nothing is stored twice. A cursor names
// block and position; a page ends at its limit, or after so many blocks that reading them should not delay the node.

import type { Height } from '../types/brand.ts'
import type { ContractEvent, Receipt } from '../types/receipt.ts'
import type { EventCursor, EventPage, LedgerEvent } from './ledger.ts'

/** Blocks that one page reads at most: some milliseconds. */
const BLOCKS_MAX = 256
/** Receipts that one page reads at most, beyond the first block. */
const RECEIPTS_MAX = 4_096

export interface EventSource {
  readonly headHeight: Height
  receipts(height: number): readonly Receipt[]
  timeMs(height: number): number
}

export function readEvents(
  source: EventSource,
  cursor: EventCursor,
  { limit, matches }: { readonly limit: number; readonly matches?: (event: ContractEvent) => boolean },
): EventPage {
  const events: LedgerEvent[] = []
  let height = cursor.height
  let skip = cursor.index
  let receiptsRead = 0
  for (; height <= source.headHeight && height < cursor.height + BLOCKS_MAX; height++) {
    if (receiptsRead > RECEIPTS_MAX) break
    const receipts = source.receipts(height)
    receiptsRead += receipts.length
    const timeMs = source.timeMs(height)
    for (const found of eventsOf(receipts, { height: height as Height, timeMs })) {
      if (found.index < skip) continue
      if (events.length === limit) return page(events, { height, index: found.index }, source)
      if (matches === undefined || matches(found.event)) events.push(found)
    }
    skip = 0
  }
  return page(events, { height, index: skip }, source)
}

function page(events: readonly LedgerEvent[], next: EventCursor, { headHeight }: EventSource): EventPage {
  return { events, next, more: next.height <= headHeight }
}

function* eventsOf(
  receipts: readonly Receipt[],
  { height, timeMs }: { height: Height; timeMs: number },
): Generator<LedgerEvent> {
  let index = 0
  for (const { transactionId, calls } of receipts) {
    for (const [callIndex, call] of calls.entries()) {
      for (const event of call.events) yield { height, index: index++, timeMs, transactionId, callIndex, event }
    }
  }
}
