// Tests written in Clause: those of the built-in contracts pass, and a test that should fail does, at its step.

import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BUILT_IN_NAMES } from './builtin/names.ts'
import { compileForTools } from './lang/compile.ts'
import { CompileError, type Source } from './lang/diagnostics.ts'
import { contractsUsedBy, readTests, runTests } from './run-tests.ts'

const FOLDER = 'src/contracts/builtin'
const read = (name: string): Source => ({ name, text: readFileSync(`${FOLDER}/${name}`, 'utf8') })
const builtIn = compileForTools(BUILT_IN_NAMES.map((name) => read(`${name}.clause`)))

describe('the tests of the built-in contracts', () => {
  const files = globSync(`${FOLDER}/*.test.clause`).map((path) => basename(path))

  test('stand there for the contracts that carry the mission', () => {
    // The algorithm is tested through the requests that it decides.
    for (const name of BUILT_IN_NAMES.filter((each) => each !== 'algorithm')) {
      expect(files).toContain(`${name}.test.clause`)
    }
  })

  test.each(files)('in %s pass', (file) => {
    const tests = readTests(read(file), (name) => read(`${name}.test.clause`))
    const results = runTests(tests, builtIn)
    expect(results.filter(({ failure }) => failure !== null)).toEqual([])
    expect(results.length).toBeGreaterThan(file === 'consortium.test.clause' ? -1 : 3)
  })
})

const COUNTER = `contract counter version 1
refusal TOO_MUCH "At most 10."
state count: int
state last: id
event Added(amount: int, by: id)
action add(amount: int) returns int {
  require amount <= 10 else TOO_MUCH about amount
  count = (count else 0) + amount
  last = sender
  emit Added(amount, by: sender)
  return count else 0
}
view total() returns int {
  return count else 0
}
view lastSender() returns id? {
  return last
}`
const counter = compileForTools([{ name: 'counter.clause', text: COUNTER }])

const HEAD = 'tests uses counter\n\ngiven somebody {\n  let me = asId(hash("me"))\n  as me\n}\n\n'

/** The failure of one test with these steps; null when it passes. */
function failureOf(steps: string): string | null {
  const files = readTests(
    { name: 'counter.test.clause', text: `${HEAD}test "it" given somebody {\n${steps}\n}` },
    () => undefined,
  )
  expect(contractsUsedBy(files)).toEqual(['counter'])
  const [result] = runTests(files, counter)
  return result?.failure ? `${result.failure.line}: ${result.failure.message}` : null
}

function mistakeIn(steps: string): string {
  try {
    failureOf(steps)
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostics.map(({ message }) => message).join('; ')
    throw error
  }
  return 'compiles'
}

describe('a test', () => {
  test.each([
    ['counter.add(3)\nexpect counter.total() == 3'],
    ['let sum = counter.add(3)\nlet more = counter.add(4)\nexpect more == sum + 4'],
    ['expect counter.add(11) refused TOO_MUCH about amount\nexpect counter.total() == 0'],
    ['counter.add(1)\nexpect event counter.Added(amount: 1, by: me)'],
    ['counter.add(1)\nlet last = counter.lastSender()\nexpect last is some\nexpect asHash(last) == hash("me")'],
    ['let before = now\npass 5 minutes\nexpect now == before + 5 minutes and height == 1'],
  ])('passes: %s', (steps) => {
    expect(failureOf(steps)).toBe(null)
  })

  test.each([
    ['counter.add(3)\nexpect counter.total() == 4', '10: this does not hold: on the left 3, on the right 4'],
    ['counter.add(11)', '9: this was refused: TOO_MUCH about amount'],
    ['expect counter.add(1) refused TOO_MUCH', '9: this was not refused'],
    ['expect counter.add(11) refused OTHER', '9: this was refused with TOO_MUCH about amount'],
    ['expect counter.add(11) refused TOO_MUCH about other', '9: this was refused with TOO_MUCH about amount'],
    [
      'counter.add(1)\nexpect event counter.Added(amount: 2)',
      '10: the last call emitted no such event, but counter.Added',
    ],
    ['expect not (counter.total() == 0)', '9: this does not hold'],
    ['let x = 1 / counter.total()', '9: this was refused: DIVISION_BY_ZERO'],
  ])('fails where it is wrong: %s', (steps, failure) => {
    expect(failureOf(steps)).toBe(failure)
  })

  test.each([
    ['counter.total()', 'this is no step of a test'],
    ['counter.add()', '"add" takes other arguments: 0 given, 1 expected'],
    ['counter.add(now)', 'expected int, found time'],
    ['expect counter.total()', 'expected bool, found int'],
    ['expect sender == me', 'the view "step2" reads the transaction here'],
    ['let me = 1', '"me" already names a variable'],
    ['expect event counter.Removed()', 'there is no event of counter called "Removed"'],
  ])('does not compile: %s', (steps, message) => {
    expect(mistakeIn(steps)).toBe(message)
  })

  test('starts from nothing: what another one did is not there', () => {
    const text = `${HEAD}test "a" given somebody {\n counter.add(1)\n}\n\ntest "b" {\n expect counter.total() == 0\n}`
    const results = runTests(
      readTests({ name: 'counter.test.clause', text }, () => undefined),
      counter,
    )
    expect(results.map(({ failure }) => failure)).toEqual([null, null])
  })

  test('needs somebody who signs', () => {
    const text = 'tests uses counter\n\ntest "a" {\n  counter.add(1)\n}'
    const files = readTests({ name: 'counter.test.clause', text }, () => undefined)
    expect(() => runTests(files, counter)).toThrow('who signs this?')
  })
})
