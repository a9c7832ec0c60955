// Filters and code tables: what a filter may read, and what covers what. spec/clause.md, "Filters and tables".

import { describe, expect, test } from 'vitest'
import type { Value } from '../../types/canonical-value.ts'
import { bytes32, contractText, mistakesIn, Sample } from '../clause.test-support.ts'
import { runFilter } from '../execute.ts'
import { compile } from './compile.ts'

const CODES = `
enum Confidentiality { U, L, M, N, R, V }
record Label { confidentiality: Confidentiality, sensitivity: list<code, 4> }
table sensitivities: map<(version: int, code: code), list<code, 8>>
state closed: bool
action establish() {
  sensitivities[1, "ETHUD"] = ["ETHUD"]
  sensitivities[2, "ETHUD"] = ["ETHUD", "ETH", "SUD"]
  sensitivities[2, "ETH"] = ["ETH"]
}
action close() {
  closed = true
}
filter covers(version: int, broader: code, narrower: code) returns bool {
  return sensitivities[version].covers(broader, narrower)
}
filter mayLeave(label: Label, atMost: Confidentiality, withheld: code) returns bool {
  if label.confidentiality > atMost {
    return false
  }
  return not (any sensitivity in label.sensitivity where covers(2, withheld, sensitivity))
}
view isClosed() returns bool {
  return closed else false
}`

const RELEASE = `
uses sample
filter isWithheld(label: sample.Label, code: code) returns bool {
  return any sensitivity in label.sensitivity where sample.covers(2, code, sensitivity)
}`

const sample = new Sample(CODES, RELEASE)
sample.act('establish')

const run = (method: string, ...args: Value[]) => {
  const [contract = '', name = ''] = method.split('.')
  const outcome = runFilter(sample.contracts, { contract, method: name, args }, { state: sample.state })
  return outcome.status === 'ok' ? outcome.value : outcome.code
}

const label = (confidentiality: string, ...sensitivity: string[]) => ({ confidentiality, sensitivity })

describe('a filter', () => {
  test('computes from its parameters and from tables', () => {
    expect(run('sample.mayLeave', label('N'), 'N', 'ETH')).toBe(true)
    expect(run('sample.mayLeave', label('R'), 'N', 'ETH')).toBe(false)
    expect(run('sample.mayLeave', label('L', 'PSY', 'ETHUD'), 'V', 'ETH')).toBe(false)
  })

  test('calls filters of used contracts', () => {
    expect(run('second.isWithheld', label('N', 'ETHUD'), 'SUD')).toBe(true)
    expect(run('second.isWithheld', label('N', 'ETH'), 'SUD')).toBe(false)
  })

  test('is neither called nor queried, and nothing else runs as one', () => {
    expect(sample.call('covers', 2, 'ETH', 'ETHUD')).toMatchObject({ code: 'UNKNOWN_METHOD' })
    expect(sample.query('covers', 2, 'ETH', 'ETHUD')).toMatchObject({ code: 'UNKNOWN_METHOD' })
    expect(run('sample.isClosed')).toBe('UNKNOWN_METHOD')
    expect(run('sample.close')).toBe('UNKNOWN_METHOD')
  })

  test('trusts no argument', () => {
    expect(run('sample.mayLeave', label('X'), 'N', 'ETH')).toBe('BAD_ARGUMENT')
    expect(run('sample.covers', 2, 'ETH', bytes32(1))).toBe('BAD_ARGUMENT')
  })

  const reads = 'the filter "f" reads state or time here'
  test.each([
    ['state', 'state s: int\nfilter f() returns int {\n return s else 0\n}', reads],
    ['a map', 'state s: map<int, int>\nfilter f() returns bool {\n return 1 in s\n}', reads],
    [
      'a range',
      'state s: map<int, int>\nfilter f() returns int {\n var n = 0\n for (k) in s[...] max 4 {\n n = k\n }\n return n\n}',
      reads,
    ],
    ['time', 'filter f() returns time {\n return now\n}', reads],
    ['the height', 'filter f() returns int {\n return height\n}', reads],
    [
      'time through a function',
      'function g() returns time {\n return now\n}\nfilter f() returns time {\n return g()\n}',
      reads,
    ],
    ['the sender', 'filter f() returns id {\n return sender\n}', 'the filter "f" reads the transaction here'],
    ['nothing', 'filter f(a: int) {\n refuse X\n}', 'a filter returns something'],
  ])('that reads %s does not compile', (_, body, message) => {
    expect(mistakesIn(body)).toContain(message)
  })

  test('calls no view of a used contract', () => {
    const caller = 'contract caller version 1\nuses sample\nfilter f() returns bool {\n return sample.isClosed()\n}'
    const sources = [
      { name: 'sample.clause', text: contractText(CODES) },
      { name: 'caller.clause', text: caller },
    ]
    expect(() => compile(sources)).toThrow('the filter "f" reads state or time here')
  })
})

describe('a table', () => {
  test.each([
    [2, 'ETH', 'ETHUD', true],
    [2, 'ETHUD', 'ETHUD', true],
    [2, 'ETHUD', 'ETH', false],
    [1, 'ETH', 'ETHUD', false],
    [1, 'ETHUD', 'ETHUD', true],
    [3, 'ETHUD', 'ETHUD', false],
    [2, 'UNKNOWN', 'UNKNOWN', false],
  ])('in version %i: %s covers %s is %s', (version, broader, narrower, covered) => {
    expect(run('sample.covers', version, broader, narrower)).toBe(covered)
  })

  test('costs the same whatever it holds', () => {
    const gasOf = (version: number, broader: string, narrower: string) =>
      runFilter(sample.contracts, { contract: 'sample', method: 'covers', args: [version, broader, narrower] }, sample)
        .gas
    expect(gasOf(2, 'SUD', 'ETHUD')).toBe(gasOf(9, 'NONE', 'NONE'))
  })

  test.each([
    'table t: map<code, code>',
    'table t: map<int, list<code, 8>>',
    'table t: map<code, list<code, 33>>',
    'table t: map<(code: code, version: int), list<code, 8>>',
    'table t: list<code, 8>',
  ])('%s is none', (declaration) => {
    expect(mistakesIn(declaration)).toEqual(['a table maps a code to the codes that cover it, at most 32'])
  })

  test('is asked with all parts of its key but the code', () => {
    const body = (expression: string) =>
      `table t: map<(version: int, code: code), list<code, 8>>\nfilter f() returns bool {\n return ${expression}\n}`
    expect(mistakesIn(body('t.covers("A", "B")'))).toEqual(['the code is given last'])
    expect(mistakesIn(body('t[1].contains("A")'))).toEqual(['a table has no function "contains"'])
    expect(mistakesIn(body('t[1].covers("A")'))).toEqual(['"covers" takes other arguments: 1 given, 2 expected'])
    expect(mistakesIn(body('t[1].covers("A", "B")'))).toEqual([])
  })
})

describe('enums', () => {
  test('ascend as they were declared', () => {
    const body = `enum Level { low, middle, high }
      view f(a: Level, b: Level) returns list<bool, 6> {
        return [a < b, a <= b, a > b, a >= b, a < middle, max(a, b) is high]
      }`
    const order = new Sample(body)
    expect(order.ask('f', 'low', 'high')).toEqual([true, true, false, false, true, true])
    expect(order.ask('f', 'middle', 'middle')).toEqual([false, true, false, true, false, false])
  })

  test('of two kinds have no order', () => {
    const body = 'enum A { x }\nenum B { y }\nview f(a: A, b: B) returns bool {\n return a < b\n}'
    expect(mistakesIn(body)).toEqual(['"<" is not defined on sample.A and sample.B'])
  })
})
