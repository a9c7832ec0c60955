import { describe, expect, it } from 'vitest'
import type { Seat } from '../types/brand.ts'
import { Alarms } from './alarms.ts'
import type { Log } from './log.ts'

const [A, B] = [1 as Seat, 2 as Seat]

function create() {
  const clock = { timeMs: 1_000, nowMs: () => clock.timeMs }
  const lines: unknown[] = []
  const log = { error: (fields: object, text: string) => lines.push({ ...fields, text }) } as unknown as Log
  return { alarms: new Alarms({ clock, log }), clock, lines }
}

describe('Alarms', () => {
  it('counts one thing about one member, and says when it was seen first and last', () => {
    const { alarms, clock } = create()
    alarms.raise('standstill', A)
    clock.timeMs = 5_000
    alarms.raise('standstill', B)
    clock.timeMs = 9_000
    alarms.raise('standstill', A)
    expect(alarms.list()).toEqual([
      { what: 'standstill', member: A, count: 2, firstMs: 1_000, lastMs: 9_000 },
      { what: 'standstill', member: B, count: 1, firstMs: 5_000, lastMs: 5_000 },
    ])
  })

  it('logs each with its details, under the name of the member', () => {
    const { alarms, lines } = create()
    alarms.raise('invalidBlock', A, { height: 7, reason: 'STATE_ROOT' })
    alarms.raise('badChain', B)
    expect(lines).toEqual([
      { member: A, what: 'invalidBlock', height: 7, reason: 'STATE_ROOT', text: 'invalid block' },
      { member: B, what: 'badChain', text: 'misbehaviour of a member' },
    ])
  })

  it('is bounded: what was raised longest ago leaves first', () => {
    const { alarms } = create()
    for (let seat = 0; seat < 1_000; seat++) alarms.raise('termInflation', seat as Seat)
    alarms.raise('termInflation', 800 as Seat)
    const members = alarms.list().map(({ member }) => member)
    expect(members.length).toBe(256)
    expect(members[0]).toBe(800)
    expect(Math.min(...members)).toBe(744)
  })
})
