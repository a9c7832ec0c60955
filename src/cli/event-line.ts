// An event of the chain on one line: cursor, time, name, fields. Ids are shortened, institutions named.

import type { ChainEvent } from '../client/event-stream.ts'
import { isHex32 } from '../types/brand.ts'
import { type Founders, nameOf } from './identities.ts'
import { timeInWords } from './words.ts'

export function eventLine({ cursor, timeMs, contract, name, fields }: ChainEvent, founders: Founders): string {
  const named = typeof fields === 'object' && fields !== null ? Object.entries(fields) : []
  const words = named.map(([field, value]) => `${field} ${valueInWords(value, founders)}`)
  return [cursor.padEnd(8), timeInWords(timeMs), `${contract}.${name}`, words.join(', ')].join('  ').trimEnd()
}

function valueInWords(value: unknown, founders: Founders): string {
  if (typeof value === 'string') return isHex32(value) ? nameOf(value, founders) : value
  if (Array.isArray(value)) return `[${value.map((item) => valueInWords(item, founders)).join(', ')}]`
  return value === null ? '-' : JSON.stringify(value)
}
