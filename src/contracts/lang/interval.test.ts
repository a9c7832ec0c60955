// Intervals of time: half open, with open ends, never empty. spec/clause.md, "Types".

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Value } from '../../types/canonical-value.ts'
import { valueFromJson } from '../abi.ts'
import { mistakesIn, Sample } from '../clause.test-support.ts'
import { INTERVAL } from '../vm/type.ts'

const sample = new Sample(`
state periods: map<int, interval>
view make(from: time?, to: time?) returns interval {
  return interval(from, to)
}
view contains(period: interval, at: time) returns bool {
  return period.contains(at)
}
view within(inner: interval, outer: interval) returns bool {
  return inner.within(outer)
}
view overlaps(one: interval, other: interval) returns bool {
  return one.overlaps(other)
}
view hasEnd(period: interval) returns bool {
  return period.to is some and period.to > now - 1000 days
}
action keep(period: interval) {
  periods[1] = period
}
view kept() returns interval? {
  return periods[1]
}`)

const span = (from: number | null, to: number | null): Value => ({ from, to })

describe('an interval', () => {
  test.each([
    [span(10, 20), 9, false],
    [span(10, 20), 10, true],
    [span(10, 20), 19, true],
    [span(10, 20), 20, false],
    [span(null, 20), -5, true],
    [span(10, null), 1e15, true],
    [span(null, null), 0, true],
  ])('%j contains %i is %s', (period, at, held) => {
    expect(sample.ask('contains', period, at)).toBe(held)
  })

  test.each([
    [10, 10],
    [20, 10],
  ])('from %i to %i is empty, and refused', (from, to) => {
    expect(sample.ask('make', from, to)).toBe('EMPTY_INTERVAL')
    expect(sample.ask('contains', span(from, to), 1)).toBe('BAD_ARGUMENT')
  })

  test('has ends that may be none, and is kept in state', () => {
    expect(sample.ask('make', null, 5)).toEqual(span(null, 5))
    expect(sample.ask('hasEnd', span(1, null))).toBe(false)
    sample.act('keep', span(-7, 1_700_000_000_000))
    expect(sample.ask('kept')).toEqual(span(-7, 1_700_000_000_000))
  })

  test('in JSON may leave an open end away, and has nothing else', () => {
    expect(valueFromJson(INTERVAL, { from: 5 }, 'period')).toEqual({ from: 5, to: null })
    for (const json of [{ from: 5, to: 5 }, { start: 5 }, { from: 'x' }, null, 7]) {
      expect(() => valueFromJson(INTERVAL, json, 'period')).toThrow('period: expected a record with from and to')
    }
  })

  test('lies within or overlaps another exactly when its instants say so', () => {
    const end = fc.option(fc.integer({ min: 0, max: 6 }), { nil: null })
    const interval = fc.tuple(end, end).filter(([from, to]) => from === null || to === null || from < to)
    // Ends lie in 0..6, so instants -1..7 show every difference.
    const instants = [-1, 0, 1, 2, 3, 4, 5, 6, 7]
    const inside = ([from, to]: readonly (number | null)[]) =>
      instants.filter((at) => (from == null || from <= at) && (to == null || at < to))
    fc.assert(
      fc.property(interval, interval, (a, b) => {
        const [one, other] = [span(...a), span(...b)]
        const shared = inside(a).filter((at) => inside(b).includes(at))
        expect(sample.ask('within', one, other)).toBe(shared.length === inside(a).length)
        expect(sample.ask('overlaps', one, other)).toBe(shared.length > 0)
      }),
    )
  })

  test.each([
    ['a == b', 'interval is not compared with =='],
    ['a < b', '"<" is not defined on interval and interval'],
    ['a.contains(b)', 'expected time, found interval'],
    ['a.covers(b)', 'there is no function of intervals called "covers"'],
    ['a.start is none', 'interval has no field "start"'],
    ['(a with { from: none }).to is none', 'an interval is not changed'],
  ])('%s does not compile', (expression, message) => {
    expect(mistakesIn(`view f(a: interval, b: interval) returns bool {\n return ${expression}\n}`)).toEqual([message])
  })

  test('is no part of a key', () => {
    expect(mistakesIn('state s: map<interval, int>')).toEqual(['interval is no part of a key'])
  })
})
