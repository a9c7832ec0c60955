// The formatter: what it makes of a text, that it changes nothing else, and that the contracts of the product are as it
// would write them.

import { globSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatText } from './format.ts'
import { tokenizeWithComments } from './lexer.ts'

const FILES = globSync('{src,test,spec}/**/*.clause')

const UGLY = `contract   x version 1
uses a,b


// c
enum E {
one,// first
longer,   // second
}
function f( a:int ,b :list<int,3>?)returns int{

  let x=-1+a*-2 -  3   // y
  let yy = foo (a, b) [1]
  if (a<3)and not(b is some){
  return if a>3 then 1 else -a
  }
  else if a == 1 { refuse X about a }
  for (k),v in s[a,...] first 3 after(k) {
   x = (x with{a : 1,b:2}).replace(0,1)
  }
  let z=if a
    == 1 then 2
  else 3
  require (a == 1 or b == 2)
  and c else X
  foo(
  a,
  b [ 1 ]
  )
  return list . without (x)
}`

const FORMATTED = `contract x version 1
uses a, b

// c
enum E {
  one,     // first
  longer,  // second
}
function f(a: int, b: list<int, 3>?) returns int {
  let x = -1 + a * -2 - 3  // y
  let yy = foo(a, b)[1]
  if (a < 3) and not (b is some) {
    return if a > 3 then 1 else -a
  }
  else if a == 1 { refuse X about a }
  for (k), v in s[a, ...] first 3 after (k) {
    x = (x with { a: 1, b: 2 }).replace(0, 1)
  }
  let z = if a
    == 1 then 2
    else 3
  require (a == 1 or b == 2)
    and c else X
  foo(
    a,
    b[1]
  )
  return list.without(x)
}
`

const wordsOf = (text: string) => tokenizeWithComments(text).map(({ kind, text: word }) => `${kind} ${word}`)

describe('the formatter', () => {
  test('indents, spaces and aligns', () => {
    expect(formatText(UGLY)).toBe(FORMATTED)
  })

  test('finds nothing more to do in what it wrote', () => {
    expect(formatText(FORMATTED)).toBe(FORMATTED)
  })

  test('changes no word, and is done after once, however a contract is spaced', () => {
    const source = readFileSync('src/contracts/builtin/consent.clause', 'utf8')
    const words = tokenizeWithComments(source).slice(0, -1)
    const gaps = fc.array(fc.constantFrom(' ', '  ', '\t', '\n', '\n\n\n', '\n  '), { minLength: 97, maxLength: 97 })
    fc.assert(
      fc.property(gaps, (spaces) => {
        const spaced = words.map(({ kind, span }, i) => {
          const gap = kind === 'comment' ? '\n' : (spaces[i % spaces.length] as string)
          return source.slice(span.start, span.end) + gap
        })
        const formatted = formatText(spaced.join(''))
        expect(wordsOf(formatted)).toEqual(wordsOf(source))
        expect(formatText(formatted)).toBe(formatted)
      }),
      { numRuns: 30 },
    )
  })

  test.each(FILES)('would write %s as it is', (file) => {
    const text = readFileSync(file, 'utf8')
    expect(formatText(text)).toBe(text)
  })
})
