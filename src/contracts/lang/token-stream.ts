// A cursor over tokens, with the questions that the parser asks.

import { Mistake, type Span } from './diagnostics.ts'
import type { Word } from './syntax.ts'
import { RESERVED, type Token } from './token.ts'

/** Nesting of blocks, expressions and types: more is no contract, and would exhaust the stack. */
const NESTING_MAX = 100

export class TokenStream {
  private readonly tokens: readonly Token[]
  private position = 0
  private nesting = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  peek(ahead = 0): Token {
    const token = this.tokens[Math.min(this.position + ahead, this.tokens.length - 1)]
    if (token === undefined) throw new RangeError('a token stream ends with an end token')
    return token
  }

  next(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.position++
    return token
  }

  /** The token read last. */
  get previous(): Token {
    return this.tokens[Math.max(0, this.position - 1)] ?? this.peek()
  }

  spanFrom(start: Span): Span {
    return { start: start.start, end: this.previous.span.end }
  }

  /** A reserved word, or a word that means something here. */
  isWord(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.text === text
  }

  isSymbol(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === text
  }

  isName(ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && !RESERVED.has(token.text)
  }

  acceptWord(text: string): boolean {
    if (!this.isWord(text)) return false
    this.position++
    return true
  }

  acceptSymbol(text: string): boolean {
    if (!this.isSymbol(text)) return false
    this.position++
    return true
  }

  expectWord(text: string, advice: string): Token {
    if (!this.isWord(text)) throw this.unexpected(`"${text}"`, advice)
    return this.next()
  }

  expectSymbol(text: string, advice: string): Token {
    if (!this.isSymbol(text)) throw this.unexpected(`"${text}"`, advice)
    return this.next()
  }

  /** `what` names the thing that gets or has the name: "a parameter". */
  expectName(what: string): Word {
    const token = this.peek()
    if (token.kind === 'word' && RESERVED.has(token.text)) {
      throw new Mistake(token.span, `"${token.text}" is a word of the language, not the name of ${what}`, 'Rename it.')
    }
    if (token.kind !== 'word') throw this.unexpected(`the name of ${what}`, 'A name is letters and digits.')
    this.next()
    return { text: token.text, span: token.span }
  }

  expectInteger(what: string): { readonly value: number; readonly span: Span } {
    const token = this.peek()
    if (token.kind !== 'integer') throw this.unexpected(what, 'Write a whole number.')
    this.next()
    return { value: Number(token.text), span: token.span }
  }

  unexpected(expected: string, advice: string): Mistake {
    const token = this.peek()
    const found = token.kind === 'end' ? 'the end of the text' : token.kind === 'text' ? 'a text' : `"${token.text}"`
    return new Mistake(token.span, `expected ${expected}, found ${found}`, advice)
  }

  /** Items with commas between, up to `close`; a trailing comma is allowed. */
  listUntil<T>(close: string, parseItem: () => T): T[] {
    const items: T[] = []
    while (!this.isSymbol(close)) {
      items.push(parseItem())
      if (!this.acceptSymbol(',')) break
    }
    this.expectSymbol(close, `Put a comma before the next item, or close the list with "${close}".`)
    return items
  }

  /** Counts the links of a chain such as a + b + c, which is nested to the left. */
  chained(links: number): void {
    if (links > NESTING_MAX) {
      throw new Mistake(this.peek().span, `more than ${NESTING_MAX} in a row`, 'Split it into steps with let.')
    }
  }

  nested<T>(parse: () => T): T {
    if (++this.nesting > NESTING_MAX) {
      throw new Mistake(this.peek().span, `nested deeper than ${NESTING_MAX} levels`, 'Split it into functions.')
    }
    const result = parse()
    this.nesting--
    return result
  }
}
