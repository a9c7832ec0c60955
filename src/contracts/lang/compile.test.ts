// What the compiler says about mistakes. A message names the thing; the advice says what to do.

import { describe, expect, test } from 'vitest'
import { contractText, mistakesIn } from '../clause.test-support.ts'
import { compile } from './compile.ts'
import { CompileError } from './diagnostics.ts'

/** Message of the only mistake in a view with this body. */
function mistakeIn(statements: string, declarations = ''): string {
  const text = `${declarations}\nview v(a: int, b: int?, who: id, list: list<int, 4>) returns int {\n${statements}\n}`
  const mistakes = mistakesIn(text)
  expect(mistakes).toHaveLength(1)
  return mistakes[0] as string
}

test('a mistake is shown with file, line, column, source line, caret and advice', () => {
  const text = contractText('view v(patient: id) returns bool {\n  return pateint == patient\n}')
  expect(() => compile([{ name: 'sample.clause', text }])).toThrow(
    [
      'sample.clause:4:10: there is nothing called "pateint" here',
      '  |',
      '4 |   return pateint == patient',
      '  |          ^^^^^^^',
      '  = Declare it with let, or as a parameter. Did you mean "patient"?',
    ].join('\n'),
  )
})

test('all mistakes of all statements are shown, in order, and none that only follows from another', () => {
  const body = `view v(a: int) returns int {
  let wrong = missing
  let after = wrong + 1
  let other = a + true
  return after + other
}
view w() returns bool {
  return 1
}`
  expect(mistakesIn(body)).toEqual([
    'there is nothing called "missing" here',
    '"+" is not defined on int and bool',
    'expected bool, found int',
  ])
})

test('mistakes of all sources are shown', () => {
  const sources = [
    { name: 'one.clause', text: 'contract one version 1\nstate x: map<id, Missing>\n' },
    { name: 'two.clause', text: 'contract two version 1\nuses three\n' },
  ]
  const error = (() => {
    try {
      compile(sources)
    } catch (caught) {
      return caught
    }
    return undefined
  })()
  expect(error).toBeInstanceOf(CompileError)
  expect((error as CompileError).diagnostics.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
    'one.clause:2:18',
    'two.clause:2:6',
  ])
})

describe('texts that are not Clause', () => {
  test.each([
    ['', 'expected "contract", found the end of the text'],
    ['contract sample', 'expected "version", found the end of the text'],
    ['contract sample version one', 'expected the version, found "one"'],
    ['contract sample version 1 foo', 'expected a declaration, found "foo"'],
    ['contract sample version 1 enum A { a }', 'a declaration starts on a line of its own'],
    ['contract sample version 1\nconstant a = 1.5', 'there are no fractions'],
    ['contract sample version 1\nconstant a = 99999999999999999', 'this number is too large'],
    ['contract sample version 1\nconstant a = 5minutes', 'a number runs into a word'],
    ['contract sample version 1\nconstant a = "open', 'this text has no end'],
    ["contract sample version 1\nconstant a = 'TREAT'", 'texts stand in double quotes'],
    ['contract sample version 1\nfunction f() { f(); }', 'there are no semicolons'],
    ['contract sample version 1\nconstant a = true && false', '"&" is not used here'],
    ['contract sample version 1\nconstant a = 1 ~ 2', 'the character "~" is not used in Clause'],
    ['contract sample version 1\nfunction f() {', 'expected "}", found the end of the text'],
    ['contract sample version 1\nfunction f() { let a = 1 let b = 2 }', '"let" does not continue the statement'],
    ['contract sample version 1\nfunction f(if: int) { }', '"if" is a word of the language, not the name of a field'],
    ['contract sample version 1\nrecord R { a: int b: int }', 'expected the next field, found "b"'],
    ['contract sample version 1\nrefusal LOST', 'expected what it means, found the end of the text'],
    [`contract sample version 1\nconstant a = ${'('.repeat(300)}`, 'nested deeper than 100 levels'],
    [`contract sample version 1\nconstant a = ${'not '.repeat(300)}true`, 'nested deeper than 100 levels'],
    [`contract sample version 1\nconstant a = 1${' + 1'.repeat(5_000)}`, 'more than 100 in a row'],
    [`contract sample version 1\nconstant a = b${'.c'.repeat(5_000)}`, 'more than 100 in a row'],
    [`contract sample version 1\nconstant ${'a'.repeat(65)} = 1`, 'this word has more than 64 letters'],
    ['contract sample version 1\nfunction f() { while true { } }', 'expected "=", found "true"'],
  ])('%j: %s', (text, message) => {
    const compileText = () => compile([{ name: 'sample.clause', text }])
    expect(compileText).toThrow(CompileError)
    expect(compileText).toThrow(message)
  })
})

describe('types that do not go together', () => {
  test.each([
    ['return a + 5 minutes', '"+" is not defined on int and duration'],
    ['return now', 'expected int, found time'],
    ['return b', 'expected int, found int?'],
    ['return b + 1', '"+" is not defined on int? and int'],
    ['return none', 'expected int, found none'],
    ['return a.x', 'int has no field "x"'],
    ['return a[0]', 'int has no elements'],
    ['return if a == who then 1 else 2', '"==" is not defined on int and id'],
    ['return if who < who then 1 else 2', '"<" is not defined on id and id'],
    ['return if list == list then 1 else 2', 'list<int, 4> is not compared with =='],
    ['return if a < 1 < 2 then 1 else 2', 'comparisons do not chain'],
    ['return if a then 1 else 2', 'expected bool, found int'],
    ['return a else 5', 'this int is always there'],
    ['return if a is some then 1 else 2', 'this int is always there'],
    ['return if a is active then 1 else 2', 'int has no members to be one of'],
    ['let x = none\nreturn 1', 'none of which type?'],
    ['let x = []\nreturn 1', 'an empty list of what?'],
    ['let x: code = "a b"\nreturn 1', 'this is no code'],
    ['let x: list<int, 2> = [1, 2, 3]\nreturn 1', '3 elements, at most 2 fit'],
    ['let x: list<int, 2> = list\nreturn 1', 'expected list<int, 2>, found list<int, 4>'],
    ['return list.append(true).length', 'expected int, found bool'],
    ['return list.first()', 'there is no function of lists called "first"'],
    ['return min(who, who)', 'id has no order'],
    ['return -true', 'bool has no negative'],
    ['return a with { x: 1 }', 'int has no field "x"'],
  ])('%j: %s', (statements, message) => {
    expect(mistakeIn(statements)).toBe(message)
  })
})

describe('names', () => {
  test.each([
    ['let a = 1\nreturn a', '"a" already names a variable'],
    ['let now = 1\nreturn a', '"now" already names a value of the context'],
    ['let total = 1\nreturn a', '"total" already names a state of this contract'],
    ['let x = 1\nx = 2\nreturn x', '"x" does not change'],
    ['a = 2\nreturn a', '"a" does not change'],
    ['nothing = 2\nreturn a', 'there is no variable or state "nothing"'],
    ['return missing(a)', 'there is no function "missing"'],
    ['return helper()', '"helper" takes other arguments: 0 given, 1 expected'],
    ['return helper(b: a)', 'this parameter is called "x"'],
    ['return run(a)', '"run" is an action'],
    ['return helper', '"helper" is a function'],
    ['refuse LOST', 'there is no refusal "LOST"'],
    ['return total', 'expected int, found int?'],
    ['return map', '"map" is a map'],
    ['return map[a, a] else 0', '"map" has a key of 1 parts'],
    ['break', '"break" stands in no loop'],
    ['return 1\nreturn 2', 'this is never reached'],
  ])('%j: %s', (statements, message) => {
    const declarations = `state total: int
state map: map<int, int>
function helper(x: int) returns int {
  return x
}
action run(x: int) {
  total = x
}`
    expect(mistakeIn(statements, declarations)).toBe(message)
  })
})

describe('what a view may not do', () => {
  test.each([
    ['total = 1\nreturn 1', 'the view "v" writes or emits here'],
    ['emit Done()\nreturn 1', 'the view "v" writes or emits here'],
    ['outer()\nreturn 1', 'the view "v" writes or emits here'],
    ['return if sender == who then 1 else 2', 'the view "v" reads the transaction here'],
    ['return callIndex', 'the view "v" reads the transaction here'],
    ['let x = deriveId(1)\nreturn 1', 'the view "v" reads the transaction here'],
  ])('%j: %s', (statements, message) => {
    const declarations = `state total: int
event Done()
function inner() {
  delete map[1]
}
function outer() {
  inner()
}
state map: map<int, int>`
    expect(mistakeIn(statements, declarations)).toBe(message)
  })
})

describe('declarations', () => {
  test.each([
    ['enum A { a, a }', 'member "a" stands twice'],
    ['enum A { a }\nenum A { b }', 'type "A" is declared twice'],
    ['record R { a: int, a: int }', 'field "a" stands twice'],
    ['record R { r: R }', 'there is no type "R"'],
    ['record R { x: float }', 'there is no type "float"'],
    ['state s: map<list<int, 2>, int>', 'list<int, 2> is no part of a key'],
    ['state s: map<id, int?>', 'a state holds no optional value'],
    [
      'record R { x: list<list<list<int, 1000>, 1000>, 1000> }',
      'a value could hold 1001001 scalars, and 262144 are the limit',
    ],
    ['state s: map<id, list<int, 2000>>', 'a list holds 1 to 1024 elements'],
    ['event under_score()', 'this name is used outside the language'],
    ['refusal lost "It is lost."', 'a refusal has a name in capitals'],
    ['constant a = now', 'this is not constant'],
    ['constant a = 9007199254740991 + 1', 'this is not constant'],
    ['view v() { }', 'a view returns something'],
    ['view v(a: int) returns int reveals a {\n return a\n}', '"a" is no parameter of type id'],
    ['function f() returns int { }', '"f" can end without a result'],
    ['function f(a: bool) returns int {\n if a {\n return 1\n }\n}', '"f" can end without a result'],
    ['function f() {\n f()\n}', 'functions call each other in a circle: f -> f'],
    ['function f() {\n g()\n}\nfunction g() {\n f()\n}', 'functions call each other in a circle: f -> g -> f'],
    ['function hash() { }', '"hash" has a meaning already'],
    ['function f() {\n for i in 0..f {\n }\n}', '"f" is a function'],
    ['function f(n: int) {\n for i in 0..n {\n }\n}', 'how often at most?'],
    ['function f() {\n for i in 0..5000 {\n }\n}', 'a loop runs at least once and at most 1024 times'],
    ['enum E { a, b }\nfunction f(e: E) {\n match e {\n a {\n }\n }\n}', 'no case for b'],
    [
      'enum E { a }\nfunction f(e: E) {\n match e {\n a {\n }\n otherwise {\n }\n }\n}',
      'every member has a case already',
    ],
    ['record P { x: int, y: int }\nfunction f() {\n let p = P(x: 1)\n}', 'sample.P lacks y'],
    ['record P { x: int }\nfunction f() {\n let p = P(x: 1, z: 2)\n}', 'sample.P has no field "z"'],
    [
      'state m: map<(a: id, b: id), int>\nfunction f(x: id) {\n for (a, b) in m[x, ...] max 4 {\n }\n}',
      '1 parts of the key are left for the loop',
    ],
  ])('%j: %s', (body, message) => {
    expect(mistakesIn(body)[0]).toBe(message)
  })
})

test('a contract that the machine has no room for is refused with a place', () => {
  const statements = '  total = (total else 0) + 1\n'.repeat(5_000)
  const text = contractText(`state total: int\naction run() {\n${statements}}`)
  const run = () => compile([{ name: 'sample.clause', text }])
  expect(run).toThrow(CompileError)
  expect(run).toThrow('sample.clause:1:10: the machine does not accept this contract: function run')
})
