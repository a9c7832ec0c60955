// The words of a Clause text. spec/clause.md, "Text".

import type { Span } from './diagnostics.ts'

export type TokenKind = 'word' | 'integer' | 'text' | 'symbol' | 'comment' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** The word, the symbol, the digits without underscores, the text without quotes. */
  readonly text: string
  readonly span: Span
  /** First on its line: where a statement or a declaration may start. */
  readonly startsLine: boolean
}

/** Never names of anything. All other words of the language are words only where the grammar expects them. */
export const RESERVED: ReadonlySet<string> = new Set(
  (
    'let var if then else for in return require refuse emit match otherwise and or not is none some true false ' +
    'with delete break continue'
  ).split(' '),
)

/** Longest first, so that `<=` is not read as `<` and `=`. */
export const SYMBOLS = [
  ...['...', '..', '==', '!=', '<=', '>='],
  ...['{', '}', '(', ')', '[', ']', '<', '>', '=', '+', '-', '*', '/', '%', ',', ':', '.', '?'],
] as const

/** Milliseconds of a unit after an integer. */
export const UNITS: ReadonlyMap<string, number> = new Map(
  (
    [
      ['millisecond', 1],
      ['second', 1_000],
      ['minute', 60_000],
      ['hour', 3_600_000],
      ['day', 86_400_000],
    ] as const
  ).flatMap(([unit, milliseconds]): [string, number][] => [
    [unit, milliseconds],
    [`${unit}s`, milliseconds],
  ]),
)
