// Which events a reader is shown. Without a signed read: those that name nobody who may be a patient. With one about a
// subject, a patient or an institution: those, and the ones that name the subject. With a member's (subject null): all.

import type { Value } from '../types/canonical-value.ts'
import type { SignedRead } from '../types/signed-read.ts'
import { toJson } from './json.ts'
import { cursorText, type EventFilter, type EventJson } from './schema.ts'
import type { ChainEvent } from './services.ts'

/** Event fields whose identity may be a patient's (spec/contracts.md). A list that is too long withholds too much. */
export const PERSON_FIELDS = ['patient', 'subject', 'reader', 'identity', 'first', 'second', 'delegate', 'by']

export interface EventView {
  readonly filter: EventFilter
  /** Admitted; null for a reader without. */
  readonly read: SignedRead | null
}

/** The event as this reader is shown it; null where it is filtered out or withheld. */
export function viewEvent(event: ChainEvent, { filter, read }: EventView): EventJson | null {
  const { contract, name, fields } = event.event
  if (filter.contract !== undefined && filter.contract !== contract) return null
  if (filter.name !== undefined && filter.name !== name) return null
  if (!mayBeShown(event, read)) return null
  return {
    cursor: cursorText({ height: event.height, index: event.index + 1 }),
    height: event.height,
    timeMs: event.timeMs,
    // It opens the whole receipt, whose other calls may concern other patients.
    transactionId: read !== null && read.subject === null ? event.transactionId : null,
    callIndex: event.callIndex,
    contract,
    name,
    fields: toJson(fields),
  }
}

function mayBeShown({ event, timeMs }: ChainEvent, read: SignedRead | null): boolean {
  const named = event.fields as { readonly [field: string]: Value }
  const concernsPerson = PERSON_FIELDS.some((field) => Object.hasOwn(named, field) && named[field] !== null)
  if (!concernsPerson) return true
  if (read === null) return false
  if (read.range !== null && (timeMs < read.range.fromMs || timeMs >= read.range.toMs)) return false
  return read.subject === null || Object.values(named).some((value) => isId(value) && value.toHex() === read.subject)
}

const isId = (value: Value): value is Uint8Array => value instanceof Uint8Array
