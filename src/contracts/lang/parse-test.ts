// Tokens -> the tests of contracts: what is given, what is done, what is expected. spec/clause.md, "Tests".

import { Mistake, type Source, type Span } from './diagnostics.ts'
import { tokenize } from './lexer.ts'
import { parseExpression, parseFieldValue } from './parse-expression.ts'
import { parseDeclaration, parseUses } from './parser.ts'
import type { Declaration, Expression, FieldValueSyntax, Word } from './syntax.ts'
import { TokenStream } from './token-stream.ts'

export interface TestFileSyntax {
  readonly source: Source
  /** A file of tests whose declarations and givens are used here. */
  readonly shared: Word | null
  readonly uses: readonly Word[]
  readonly declarations: readonly Declaration[]
  readonly givens: readonly GivenSyntax[]
  readonly tests: readonly TestSyntax[]
}

export interface GivenSyntax {
  readonly source: Source
  readonly name: Word
  /** What is given before it. */
  readonly given: Word | null
  readonly steps: readonly Step[]
}

export interface TestSyntax {
  readonly title: string
  readonly span: Span
  readonly given: Word | null
  readonly steps: readonly Step[]
}

export interface ExpectedRefusal {
  readonly code: Word
  readonly about: Word | null
}

export type Step = { readonly span: Span } & (
  | { readonly kind: 'let'; readonly name: Word; readonly value: Expression }
  /** Who signs from here on. */
  | { readonly kind: 'as'; readonly who: Expression }
  /** The next block, so much later. */
  | { readonly kind: 'pass'; readonly time: Expression }
  | { readonly kind: 'do'; readonly call: Expression }
  | { readonly kind: 'expect'; readonly value: Expression }
  | { readonly kind: 'expectRefusal'; readonly value: Expression; readonly refusal: ExpectedRefusal }
  | {
      readonly kind: 'expectEvent'
      readonly contract: Word
      readonly event: Word
      readonly fields: readonly FieldValueSyntax[]
    }
)

/** Throws Mistake at the first thing that is no test. */
export function parseTests(source: Source): TestFileSyntax {
  const tokens = new TokenStream(tokenize(source.text))
  tokens.expectWord('tests', 'A file of tests starts with: tests uses CONTRACT.')
  const uses = tokens.isWord('uses') ? parseUses(tokens) : []
  const shared = tokens.acceptWord('with') ? tokens.expectName('a file of tests') : null
  const declarations: Declaration[] = []
  const givens: GivenSyntax[] = []
  const tests: TestSyntax[] = []
  while (tokens.peek().kind !== 'end') {
    if (tokens.isWord('test')) tests.push(parseTest(tokens))
    else if (tokens.isWord('given')) givens.push(parseGiven(tokens, source))
    else declarations.push(parseDeclaration(tokens, ['test', 'given']))
  }
  return { source, shared, uses, declarations, givens, tests }
}

function parseTest(tokens: TokenStream): TestSyntax {
  tokens.next()
  const title = tokens.peek()
  if (title.kind !== 'text') throw tokens.unexpected('what the test shows', 'Write: test "a sentence" { ... }.')
  tokens.next()
  return { title: title.text, span: title.span, given: parseGivenName(tokens), steps: parseSteps(tokens) }
}

function parseGiven(tokens: TokenStream, source: Source): GivenSyntax {
  tokens.next()
  return { source, name: tokens.expectName('what is given'), given: parseGivenName(tokens), steps: parseSteps(tokens) }
}

function parseGivenName(tokens: TokenStream): Word | null {
  return tokens.acceptWord('given') ? tokens.expectName('what is given') : null
}

function parseSteps(tokens: TokenStream): Step[] {
  tokens.expectSymbol('{', 'The steps stand in braces.')
  const steps: Step[] = []
  while (!tokens.acceptSymbol('}')) {
    const start = tokens.peek()
    if (start.kind === 'end') throw tokens.unexpected('"}"', 'Close the steps with "}".')
    if (!start.startsLine)
      throw new Mistake(start.span, 'a step starts on a line of its own', 'Put it on the next line.')
    const step = parseStep(tokens)
    steps.push({ ...step, span: tokens.spanFrom(start.span) })
  }
  return steps
}

type WithoutSpan<T> = T extends unknown ? Omit<T, 'span'> : never

function parseStep(tokens: TokenStream): WithoutSpan<Step> {
  if (tokens.acceptWord('let')) {
    const name = tokens.expectName('a variable')
    tokens.expectSymbol('=', `Give "${name.text}" a value: let ${name.text} = ...`)
    return { kind: 'let', name, value: parseExpression(tokens) }
  }
  if (isStep(tokens, 'as')) return { kind: 'as', who: parseExpression(tokens) }
  if (isStep(tokens, 'pass')) return { kind: 'pass', time: parseExpression(tokens) }
  if (isStep(tokens, 'expect')) return parseExpectation(tokens)
  return { kind: 'do', call: parseExpression(tokens) }
}

/** A word of tests is one only where it does not start a call. */
function isStep(tokens: TokenStream, word: string): boolean {
  return !tokens.isSymbol('.', 1) && tokens.acceptWord(word)
}

function parseExpectation(tokens: TokenStream): WithoutSpan<Step> {
  if (tokens.isWord('event') && tokens.isName(1)) return parseExpectedEvent(tokens)
  const value = parseExpression(tokens)
  if (!tokens.acceptWord('refused')) return { kind: 'expect', value }
  const code = tokens.expectName('a refusal')
  const about = tokens.acceptWord('about') ? tokens.expectName('a parameter') : null
  return { kind: 'expectRefusal', value, refusal: { code, about } }
}

function parseExpectedEvent(tokens: TokenStream): WithoutSpan<Step> {
  tokens.next()
  const contract = tokens.expectName('a contract')
  tokens.expectSymbol('.', 'Write: expect event CONTRACT.EVENT(field: value).')
  const event = tokens.expectName('an event')
  tokens.expectSymbol('(', 'Give the fields that matter in parentheses, or () for none.')
  return { kind: 'expectEvent', contract, event, fields: tokens.listUntil(')', () => parseFieldValue(tokens)) }
}
