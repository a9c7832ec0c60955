// Values of options that are more than text: each parser names the option and says what is accepted.

import { existsSync, readFileSync } from 'node:fs'
import { UsageError } from './output.ts'

export function wholeNumber(text: string, { option, min = 0 }: { option: string; min?: number }): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new UsageError(`${option}: expected a whole number >= ${min}`)
}

const DATE = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

/** Milliseconds UTC of an ISO 8601 date (its first instant in UTC) or time with a zone. */
export function instant(text: string, option: string): number {
  const [, day] = DATE.exec(text) ?? []
  const timeMs = day === undefined ? Number.NaN : Date.parse(text)
  // Date.parse turns February 30 into March 2.
  const isDay = day !== undefined && new Date(`${day}T00:00Z`).toJSON()?.startsWith(day)
  if (isDay && timeMs >= 0) return timeMs
  throw new UsageError(`${option}: expected a date (2027-01-31) or a time with zone (2027-01-31T08:00:00+01:00)`)
}

export function oneOf<const T extends string>(
  text: string,
  { option, accepted }: { option: string; accepted: readonly T[] },
): T {
  const found = accepted.find((each) => each === text)
  if (found !== undefined) return found
  throw new UsageError(`${option}: expected ${accepted.join(', ')}`)
}

/** Values separated by commas, each once. */
export function listOf(text: string, option: string): string[] {
  const values = text.split(',').map((value) => value.trim())
  if (values.every((value) => value !== '') && new Set(values).size === values.length) return values
  throw new UsageError(`${option}: expected values separated by commas, each once`)
}

/** Bytes of a file that an option names. */
export function fileBytes(file: string, option: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file))
  } catch (error) {
    throw new UsageError(`${option}: ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
}

export function fileJson(file: string, option: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(fileBytes(file, option)))
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${option}: ${file} is not JSON`)
    throw error
  }
}

/** A path that nothing stands at yet: what a command writes never replaces anything. */
export function newPath(path: string, option: string): string {
  if (existsSync(path)) throw new UsageError(`${option}: ${path} exists already; expected a new one`)
  return path
}
