// FHIR dates into half-open intervals of UTC milliseconds. A date names the whole day, month or year in the custodian's
// time zone, so an end of 2022-12-31 lasts until 2023-01-01T00:00 there. Temporal knows when a local day starts, also
// where the clock change swallows midnight. Source: hl7.org/fhir/R4/datatypes.html#dateTime, #Period.

import { PERIOD } from './consent-elements.ts'
import type { Element } from './element.ts'

/** `from` included, `to` excluded; null is without bound on that side. */
export interface Interval {
  readonly from: number | null
  readonly to: number | null
}

export const UNBOUNDED: Interval = { from: null, to: null }

const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/
const ACCEPTED = 'YYYY, YYYY-MM, YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with a time zone'
const FORM = { reason: 'not a date or time of FHIR', accepted: ACCEPTED }

/**
 * When something holds. The chain counts from 1970: what starts before has no bound there, what ends before is over for good.
 * Undefined after a problem was noted.
 */
export function readValidity(period: Element, timeZone: string): Interval | undefined {
  const interval = readPeriod(period, timeZone)
  if (interval === undefined) return undefined
  const { from, to } = interval
  return { from: from === null || from < 0 ? null : from, to: to === null ? null : Math.max(to, 0) }
}

/** Undefined after a problem was noted. */
export function readPeriod(period: Element, timeZone: string): Interval | undefined {
  period.check(PERIOD)
  const from = readBound(period, 'start', (text) => spanOf(text, timeZone)?.from)
  const to = readBound(period, 'end', (text) => spanOf(text, timeZone)?.to)
  if (from === undefined || to === undefined) return undefined
  if (from === null && to === null) {
    return period.problem('required', null, { reason: 'neither start nor end', accepted: 'start, end, or both' })
  }
  if (from !== null && to !== null && from >= to) {
    return period.problem('conflict', null, { reason: 'ends before it starts', accepted: 'an end after the start' })
  }
  return { from, to }
}

function readBound(
  period: Element,
  name: 'start' | 'end',
  boundOf: (text: string) => number | undefined,
): number | null | undefined {
  if (!period.has(name)) return null
  const text = period.text(name)
  if (text === undefined) return undefined
  return boundOf(text) ?? period.problem('invalid', name, FORM)
}

/** The span of time that a FHIR date or time names; undefined where the text is none. Throws RangeError on an unknown zone. */
export function spanOf(text: string, timeZone: string): { from: number; to: number } | undefined {
  const fields = DATE.exec(text)
  if (fields !== null) {
    const [, year = '', month, day] = fields
    const step = day !== undefined ? { days: 1 } : month !== undefined ? { months: 1 } : { years: 1 }
    const first = plainDate(`${year}-${month ?? '01'}-${day ?? '01'}`)
    if (first === undefined) return undefined
    return { from: startOfDay(first, timeZone), to: startOfDay(first.add(step), timeZone) }
  }
  const instant = INSTANT.exec(text)
  return instant === null ? undefined : spanOfInstant(text, instant[1] ?? '')
}

/** A time names its last written digit: 10:00:00 is that whole second. Below a millisecond, it is that millisecond. */
function spanOfInstant(text: string, fraction: string): { from: number; to: number } | undefined {
  try {
    // A leap second (:60) would be taken for :59; it is refused like any other time that does not exist.
    if (/T\d{2}:\d{2}:60/.test(text)) return undefined
    const from = Temporal.Instant.from(text).epochMilliseconds
    const digits = Math.min(Math.max(fraction.length - 1, 0), 3)
    return { from, to: from + 10 ** (3 - digits) }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function plainDate(text: string): Temporal.PlainDate | undefined {
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const startOfDay = (date: Temporal.PlainDate, timeZone: string): number => {
  return date.toZonedDateTime({ timeZone }).epochMilliseconds
}

/** For configuration: whether this is a time zone of the IANA database. */
export function isTimeZone(timeZone: string): boolean {
  if (/^[+-]/.test(timeZone)) return false
  try {
    Temporal.PlainDate.from('2000-01-01').toZonedDateTime({ timeZone })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
