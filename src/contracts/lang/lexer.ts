// Text -> tokens. Refuses every character that the language does not use.

import { NAME_LENGTH_MAX } from '../../types/limits.ts'
import { Mistake } from './diagnostics.ts'
import { SYMBOLS, type Token, type TokenKind } from './token.ts'

const SPACE = /[ \t\r\n]+/y
const COMMENT = /\/\/[^\n]*/y
const WORD = /[A-Za-z][A-Za-z0-9_]*/y
const DIGITS = /[0-9][0-9_]*/y
const TEXT = /"([^"\n]*)"/y

/** Ends with one token of kind `end`. Throws Mistake. */
export function tokenize(text: string): Token[] {
  return tokenizeWithComments(text).filter((token) => token.kind !== 'comment')
}

/** For tools that keep what people wrote beside the code. Throws Mistake. */
export function tokenizeWithComments(text: string): Token[] {
  const tokens: Token[] = []
  let offset = 0
  let startsLine = true

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset
    return pattern.exec(text)?.[0]
  }
  const push = (kind: TokenKind, value: string, length: number): void => {
    tokens.push({ kind, text: value, span: { start: offset, end: offset + length }, startsLine })
    offset += length
    startsLine = false
  }

  while (offset < text.length) {
    const space = match(SPACE)
    if (space !== undefined) {
      if (space.includes('\n')) startsLine = true
      offset += space.length
      continue
    }
    const comment = match(COMMENT)
    if (comment !== undefined) {
      push('comment', comment.trimEnd(), comment.length)
      continue
    }
    const word = match(WORD)
    if (word !== undefined) {
      if (word.length > NAME_LENGTH_MAX) {
        const span = { start: offset, end: offset + word.length }
        throw new Mistake(span, `this word has more than ${NAME_LENGTH_MAX} letters`, 'Find a shorter one.')
      }
      push('word', word, word.length)
      continue
    }
    const digits = match(DIGITS)
    if (digits !== undefined) {
      checkInteger(text, offset, digits)
      push('integer', digits.replaceAll('_', ''), digits.length)
      continue
    }
    const quoted = match(TEXT)
    if (quoted !== undefined) {
      push('text', quoted.slice(1, -1), quoted.length)
      continue
    }
    const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, offset))
    if (symbol === undefined) throw unexpectedCharacter(text, offset)
    push('symbol', symbol, symbol.length)
  }
  push('end', '', 0)
  return tokens
}

function checkInteger(text: string, start: number, digits: string): void {
  const end = start + digits.length
  const next = text[end] ?? ''
  if (next === '.' && /[0-9]/.test(text[end + 1] ?? '')) {
    throw new Mistake({ start, end: end + 1 }, 'there are no fractions', 'Use a whole number of a smaller unit.')
  }
  if (/[A-Za-z]/.test(next)) {
    throw new Mistake({ start, end: end + 1 }, 'a number runs into a word', 'Put a space between number and word.')
  }
  if (digits.endsWith('_') || digits.includes('__') || (digits.length > 1 && digits.startsWith('0'))) {
    throw new Mistake({ start, end }, 'this is not how a number is written', 'Write it as 1000 or 1_000.')
  }
  if (!Number.isSafeInteger(Number(digits.replaceAll('_', '')))) {
    throw new Mistake({ start, end }, 'this number is too large', 'The largest int is 9007199254740991.')
  }
}

function unexpectedCharacter(text: string, offset: number): Mistake {
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0)
  const span = { start: offset, end: offset + character.length }
  switch (character) {
    case '"':
      return new Mistake(span, 'this text has no end', 'Close it with " on the same line.')
    case ';':
      return new Mistake(span, 'there are no semicolons', 'Start the next statement on a line of its own.')
    case '&':
    case '|':
    case '!':
      return new Mistake(span, `"${character}" is not used here`, 'Write "and", "or", "not".')
    case "'":
      return new Mistake(span, 'texts stand in double quotes', 'Write "TREAT".')
    default:
      return new Mistake(span, `the character "${character}" is not used in Clause`, 'Remove it.')
  }
}
