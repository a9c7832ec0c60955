// Views of the built-in contracts, asked by the node itself on its own certified state. Time is max(head time, clock):
// on an idle chain the head's time stands still.

import type { Ledger } from '../ledger/ledger.ts'
import type { Value } from '../types/canonical-value.ts'

export class QueryRefused extends Error {
  readonly code: string
  constructor(view: string, code: string) {
    super(`${view}: ${code}`)
    this.name = 'QueryRefused'
    this.code = code
  }
}

export function queryTimeMs(ledger: Ledger, nowMs: number): number {
  return Math.max(ledger.head.header.timeMs, nowMs)
}

/** The answer of a view. Throws QueryRefused with the contract's code. */
export function queryView(
  ledger: Ledger,
  view: { readonly contract: string; readonly method: string; readonly args: readonly Value[] },
  nowMs: number,
): Value {
  const outcome = ledger.query(view, { timeMs: queryTimeMs(ledger, nowMs) })
  if (outcome.status === 'ok') return outcome.value
  throw new QueryRefused(`${view.contract}.${view.method}`, outcome.code)
}

export const idValue = (id: string): Uint8Array => Uint8Array.fromHex(id)
