import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byKey, judge, type Model, type Operation } from './linearizability.ts'

type Input =
  | { readonly kind: 'write'; readonly value: number }
  | { readonly kind: 'read' }
  | { readonly kind: 'add'; readonly value: number }
type Output = number | 'written'
type Op = Operation<Input, Output>

/** A number: written, read, and added to, which answers the sum. */
const register: Model<number, Input, Output> = {
  initial: 0,
  step(state, input, output) {
    switch (input.kind) {
      case 'write':
        return input.value
      case 'read':
        return output === null || output === state ? state : null
      default:
        return output === null || output === state + input.value ? state + input.value : null
    }
  },
  nameOf: String,
}

const write = (value: number, startMs: number, endMs: number): Op => ({
  input: { kind: 'write', value },
  output: 'written',
  startMs,
  endMs,
})
const lost = (value: number, startMs: number): Op => ({
  input: { kind: 'write', value },
  output: null,
  startMs,
  endMs: startMs + 1,
})
const read = (value: number, startMs: number, endMs: number): Op => ({
  input: { kind: 'read' },
  output: value,
  startMs,
  endMs,
})
const add = (value: number, sum: number, startMs: number, endMs: number): Op => ({
  input: { kind: 'add', value },
  output: sum,
  startMs,
  endMs,
})

const GOOD: Readonly<Record<string, readonly Op[]>> = {
  'nothing happened': [],
  'one after the other': [write(1, 0, 1), read(1, 2, 3), write(2, 4, 5), read(2, 6, 7)],
  'a read beside a write sees it': [write(1, 0, 10), read(1, 2, 3)],
  'a read beside a write does not see it yet': [write(1, 0, 10), read(0, 2, 3)],
  'two reads beside a write see first the old, then the new': [write(1, 0, 10), read(0, 1, 2), read(1, 3, 4)],
  'writes that overlap, in the order that later reads show': [
    write(1, 0, 10),
    write(2, 1, 9),
    read(2, 11, 12),
    read(2, 13, 14),
  ],
  'an unknown write that never came': [lost(7, 0), read(0, 2, 3), read(0, 4, 5)],
  'an unknown write that came late': [lost(7, 0), read(0, 2, 3), write(1, 4, 5), read(7, 6, 7)],
  'sums of additions that overlap': [add(1, 3, 0, 10), add(2, 2, 0, 10), add(4, 7, 11, 12)],
  'a write whose effect was learned later, seen long after': [
    { ...write(5, 0, 0), endMs: Number.POSITIVE_INFINITY },
    read(0, 10, 11),
    read(5, 12, 13),
  ],
  'an end and a start at the same moment overlap': [write(1, 0, 5), read(0, 5, 6)],
}

const BAD: Readonly<Record<string, readonly Op[]>> = {
  'a read of what was never written': [write(1, 0, 1), read(2, 2, 3)],
  'a stale read': [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)],
  'a lost write': [write(1, 0, 1), read(0, 2, 3)],
  'reads that go back, beside a write': [write(1, 0, 10), read(1, 1, 2), read(0, 3, 4)],
  'a read from the future': [read(1, 0, 1), write(1, 2, 3)],
  'an unknown write seen before it was sent': [read(7, 0, 1), lost(7, 2)],
  'an unknown write that comes, goes, and comes again': [
    lost(7, 0),
    read(7, 2, 3),
    write(1, 4, 5),
    read(7, 6, 7),
    write(2, 8, 9),
    read(7, 10, 11),
  ],
  'two additions with one sum': [add(1, 1, 0, 10), add(1, 1, 0, 10)],
  'an addition that ended and is missing in a later sum': [add(1, 1, 0, 1), add(1, 1, 2, 3)],
  'two readers that disagree about the order of two writes': [
    write(1, 0, 10),
    write(2, 0, 10),
    read(1, 11, 12),
    read(2, 13, 14),
  ],
  'a write whose effect was learned later, seen before its start': [
    read(5, 0, 1),
    { ...write(5, 2, 2), endMs: Number.POSITIVE_INFINITY },
  ],
}

/** Every order that keeps what ended before another began, tried one by one; unknown ones may stay out. */
function isLinearizableByBruteForce(rest: readonly Op[], state = register.initial): boolean {
  if (rest.every(({ output }) => output === null)) return true
  return rest.some((candidate, i) => {
    const others = rest.filter((_, k) => k !== i)
    const isTooLate = others.some(({ output, endMs }) => output !== null && endMs < candidate.startMs)
    const after = isTooLate ? null : register.step(state, candidate.input, candidate.output)
    return after !== null && isLinearizableByBruteForce(others, after)
  })
}

const small: fc.Arbitrary<Op> = fc
  .record({
    kind: fc.constantFrom('write' as const, 'read' as const, 'add' as const),
    value: fc.integer({ min: 0, max: 2 }),
    result: fc.integer({ min: 0, max: 4 }),
    known: fc.integer({ min: 0, max: 4 }),
    startMs: fc.integer({ min: 0, max: 12 }),
    length: fc.integer({ min: 0, max: 6 }),
  })
  .map(({ kind, value, result, known, startMs, length }) => {
    const input: Input = kind === 'read' ? { kind } : { kind, value }
    const output = known === 0 ? null : kind === 'write' ? 'written' : result
    return { input, output, startMs, endMs: startMs + length }
  })

describe('judge()', () => {
  for (const [name, history] of Object.entries(GOOD)) {
    it(`accepts: ${name}`, () => expect(judge(history, register)).toEqual({ linearizable: true }))
  }
  for (const [name, history] of Object.entries(BAD)) {
    it(`refuses: ${name}`, () => expect(judge(history, register).linearizable).toBe(false))
  }

  it('names the operation that fits nowhere, and the order up to it', () => {
    const [first, second, stale] = [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]
    const judgement = judge([stale, second, first], register)
    expect(judgement).toEqual({ linearizable: false, longest: [first, second], stuckAt: stale })
  })

  it('says what trying every order says', () => {
    let [accepted, refused] = [0, 0]
    fc.assert(
      fc.property(fc.array(small, { maxLength: 6 }), (history) => {
        const expected = isLinearizableByBruteForce(history)
        if (expected) accepted++
        else refused++
        expect(judge(history, register).linearizable).toBe(expected)
      }),
      { numRuns: 3_000 },
    )
    // Histories of both kinds were among them.
    expect(Math.min(accepted, refused)).toBeGreaterThan(300)
  })

  it('judges a long history of ten clients in time, right and with one wrong answer', () => {
    const history: Op[] = []
    let state = 0
    for (let i = 0; i < 3_000; i++) {
      // Takes effect at 10 i; begins up to ten effects earlier and ends up to ten later.
      const span = { startMs: 10 * i - ((i * 37) % 100), endMs: 10 * i + ((i * 53) % 100) }
      if (i % 3 === 0) history.push({ input: { kind: 'read' }, output: state, ...span })
      else {
        state = i % 3 === 1 ? i : state + 1
        const input: Input = i % 3 === 1 ? { kind: 'write', value: i } : { kind: 'add', value: 1 }
        const output = i % 50 === 7 ? null : i % 3 === 1 ? 'written' : state
        history.push({ input, output, ...span })
      }
    }
    expect(judge(history, register)).toEqual({ linearizable: true })
    const wrong = history.map((each, i) => (i === 1_500 ? { ...each, output: -1 } : each))
    expect(judge(wrong, register).linearizable).toBe(false)
  })
})

describe('byKey()', () => {
  it('keeps the objects apart', () => {
    const parts = byKey([write(1, 0, 1), read(1, 2, 3)], ({ kind }) => kind)
    expect([...parts.keys()]).toEqual(['write', 'read'])
  })
})
