// Worst-case gas: what the compiler promises is reached where arguments and state are as large as they can be, and never
// passed. The helpers of every other test of contracts check the second for each call that they make.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Value } from '../../types/canonical-value.ts'
import { bytes32, contractText, mistakesIn, Sample } from '../clause.test-support.ts'
import { contractSet } from '../execute.ts'
import { compileForTools } from '../lang/compile.ts'

const LONG_CODE = 'x'.repeat(64)
const LARGE = Number.MAX_SAFE_INTEGER
const LONG_NAME = '🏥'.repeat(64)

function gasOf(sample: Sample, method: string, args: readonly Value[]) {
  const bound = sample.contracts.gasMax('sample', method)
  const outcome = sample.contracts
    .abi('sample')
    ?.entries.find(({ name }) => name === method)
    ?.kind.includes('action')
    ? sample.call(method, ...args)
    : sample.query(method, ...args)
  expect(outcome).toMatchObject({ status: 'ok' })
  return { used: outcome.gas, bound }
}

/** A body, the entry that is measured, and the largest arguments. */
const REACHED: readonly [what: string, body: string, args: readonly Value[]][] = [
  ['arithmetic', 'view f(a: int, b: int) returns int {\n return a * b / 3 % 7 - a\n}', [9, 8]],
  ['the longer branch', 'view f(a: int) returns int {\n if a > 1 {\n return a * a * a * a\n }\n return a\n}', [3]],
  ['an alternative', 'view f(a: int?) returns int {\n return a else 1 + 2 + 3\n}', [null]],
  ['records', 'record R { a: int, b: int }\nview f(a: int) returns R {\n return R(a, b: a) with { a: 1 }\n}', [3]],
  ['members', 'view f(a: list<int, 9>) returns bool {\n return 1 in a\n}', [[1, 2, 3, 4, 5, 6, 7, 8, 9]]],
  ['appending', 'view f(a: list<int, 4>) returns list<int, 4> {\n return a.append(1)\n}', [[1, 2, 3]]],
  [
    'replacing',
    'view f(a: list<int, 4>) returns list<int, 4> {\n return a.replace(0, 2).without(9)\n}',
    [[1, 2, 3, 4]],
  ],
  [
    'a loop over a list, with another inside',
    'view f(a: list<int, 5>) returns int {\n var s = 0\n for x in a {\n for y in a {\n s = s + x * y\n }\n }\n return s\n}',
    [[1, 2, 3, 4, 5]],
  ],
  [
    'a loop that counts',
    'view f(n: int) returns int {\n var s = 0\n for i in 0..n max 7 {\n s = s + i\n }\n return s\n}',
    [7],
  ],
  [
    'a quantifier to its end',
    'view f(a: list<int, 5>) returns bool {\n return all x in a where x > 0\n}',
    [[1, 2, 3, 4, 5]],
  ],
  [
    'a function',
    'function g(a: int) returns int {\n return a + 1\n}\nview f(a: int) returns int {\n return g(g(a))\n}',
    [1],
  ],
  [
    'writing state',
    'record R { a: code, b: name, c: id, d: time?, e: list<code, 3>, f: interval }\nstate s: map<(a: code, b: id), R>\naction f(a: code, b: id, r: R) {\n s[a, b] = r\n}',
    [
      LONG_CODE,
      bytes32(1),
      {
        ...{ a: LONG_CODE, b: LONG_NAME, c: bytes32(1), d: LARGE, e: [LONG_CODE, LONG_CODE, LONG_CODE] },
        f: { from: LARGE - 1, to: LARGE },
      },
    ],
  ],
  [
    'hashing',
    'enum E { short, muchLonger }\nrecord R { first: E, second: code }\nview f(r: R, i: interval) returns hash {\n return hash(r, i, 1)\n}',
    [
      { first: 'muchLonger', second: LONG_CODE },
      { from: LARGE - 1, to: LARGE },
    ],
  ],
  ['emitting', 'event E(a: list<int, 3>, b: int?)\naction f(a: list<int, 3>) {\n emit E(a, b: 1)\n}', [[1, 2, 3]]],
]

describe('the bound is reached by', () => {
  test.each(REACHED)('%s', (_, body, args) => {
    const { used, bound } = gasOf(new Sample(body), 'f', args)
    // A small integer in PACK, or the way out of a loop that only one round can take, leaves a few gas over.
    expect(bound).toBeGreaterThanOrEqual(used)
    expect((bound as number) - used).toBeLessThanOrEqual(10)
  })

  test('a full range, and reading what stands there', () => {
    const sample = new Sample(`
state s: map<(a: int, b: int), list<code, 4>>
action fill() {
  for i in 0..8 {
    s[1, i] = ["${LONG_CODE}", "${LONG_CODE.replace('x', 'y')}", "${LONG_CODE}", "${LONG_CODE}"]
  }
}
view f() returns int {
  var n = 0
  for (b), value in s[1, ...] max 8 {
    n = n + value.length
  }
  return n
}
view g() returns int {
  return if s[1, 7] is some then 1 else 0
}
view h() returns list<code, 4> {
  return s[1, 7] else []
}`)
    sample.act('fill')
    for (const method of ['f', 'g', 'h']) {
      const { used, bound } = gasOf(sample, method, [])
      expect(bound).toBeGreaterThanOrEqual(used)
      // The NEXT that leaves a range counts as one that reads a value.
      expect((bound as number) - used).toBeLessThanOrEqual(16)
    }
  })
})

test('what a call uses lies within the bound, whatever the arguments', () => {
  const sample = new Sample(`
state s: map<code, list<int, 16>>
action f(codes: list<code, 8>, numbers: list<int, 16>, stop: int) returns int {
  var sum = 0
  for code in codes {
    let known = s[code] else []
    if known.length == stop {
      break
    }
    for number in numbers {
      if number == stop {
        continue
      }
      sum = if number in known then sum + 1 else sum
    }
    s[code] = numbers
  }
  return sum
}`)
  const codes = fc.array(fc.constantFrom('A', 'B', 'C', LONG_CODE), { maxLength: 8 })
  const numbers = fc.array(fc.oneof(fc.integer(), fc.integer({ min: 0, max: 5 })), { maxLength: 16 })
  const bound = sample.contracts.gasMax('sample', 'f') as number
  fc.assert(
    fc.property(codes, numbers, fc.integer({ min: 0, max: 16 }), (...args) => {
      expect(sample.call('f', ...args).gas).toBeLessThanOrEqual(bound)
    }),
  )
})

describe('an entry that could use more than a transaction has', () => {
  const nested = (depth: number): string => {
    const open = Array.from({ length: depth }, (_, i) => `for i${i} in 0..1000 {`).join('\n')
    return `view f() returns int {\n var n = 0\n ${open}\n n = n + 1\n ${'}\n'.repeat(depth)} return n\n}`
  }

  test('does not compile, and the mistake stands at its name', () => {
    expect(mistakesIn(nested(2))).toEqual([])
    const [mistake] = mistakesIn(nested(3))
    expect(mistake).toMatch(/^"f" could use \d+ gas, and a transaction has at most 200000000$/)
  })

  test('is refused however large the number', () => {
    expect(mistakesIn(nested(16))[0]).toMatch(/^"f" could use [\d.e+]+ gas/)
  })

  test('counts what it calls in other contracts', () => {
    const sources = [
      { name: 'sample.clause', text: contractText(nested(2)) },
      {
        name: 'caller.clause',
        text: 'contract caller version 1\nuses sample\nview g() returns int {\n return sample.f() + sample.f()\n}',
      },
    ]
    const contracts = contractSet(compileForTools(sources).loaded)
    const once = contracts.gasMax('sample', 'f') as number
    expect(contracts.gasMax('caller', 'g')).toBe(2 * (once + 15) + 2)
  })
})
