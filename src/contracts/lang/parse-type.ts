// Tokens -> types and bounds. spec/clause.md, "Grammar".

import type { BoundSyntax, FieldSyntax, TypeSyntax } from './syntax.ts'
import type { TokenStream } from './token-stream.ts'

export function parseType(tokens: TokenStream): TypeSyntax {
  return tokens.nested(() => {
    const start = tokens.peek().span
    const base = parseBase(tokens)
    const optional = tokens.acceptSymbol('?')
    return { base, optional, span: tokens.spanFrom(start) }
  })
}

function parseBase(tokens: TokenStream): TypeSyntax['base'] {
  const name = tokens.expectName('a type')
  if (name.text === 'list' && tokens.acceptSymbol('<')) {
    const item = parseType(tokens)
    tokens.expectSymbol(',', 'A list has a largest length: list<id, 32>.')
    const max = parseBound(tokens)
    tokens.expectSymbol('>', 'Close the type with ">".')
    return { kind: 'list', item, max }
  }
  if (!tokens.acceptSymbol('.')) return { kind: 'named', contract: null, name }
  return { kind: 'named', contract: name, name: tokens.expectName('a type') }
}

export function parseBound(tokens: TokenStream): BoundSyntax {
  if (tokens.isName()) {
    const name = tokens.expectName('a constant')
    return { kind: 'constant', name, span: name.span }
  }
  return { kind: 'integer', ...tokens.expectInteger('a number or the name of a constant') }
}

/** `name: type`. */
export function parseField(tokens: TokenStream): FieldSyntax {
  const name = tokens.expectName('a field')
  tokens.expectSymbol(':', `Give "${name.text}" a type: ${name.text}: id.`)
  return { name, type: parseType(tokens) }
}
