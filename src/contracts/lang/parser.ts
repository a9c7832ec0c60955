// Tokens -> a contract. Declarations stand here, the rest in parse-statement, parse-expression, parse-type.

import { didYouMean, Mistake } from './diagnostics.ts'
import { tokenize } from './lexer.ts'
import { parseExpression } from './parse-expression.ts'
import { parseBlock } from './parse-statement.ts'
import { parseField, parseType } from './parse-type.ts'
import type { ContractSyntax, Declaration, FieldSyntax, FunctionSyntax, Word } from './syntax.ts'
import { TokenStream } from './token-stream.ts'

/** Throws Mistake at the first thing that is not Clause. */
export function parseContract(text: string): ContractSyntax {
  const tokens = new TokenStream(tokenize(text))
  tokens.expectWord('contract', 'A file starts with: contract NAME version 1.')
  const name = tokens.expectName('a contract')
  tokens.expectWord('version', 'Say which version of the contract it is: contract NAME version 1.')
  const version = tokens.expectInteger('the version').value
  const uses = tokens.isWord('uses') ? parseUses(tokens) : []
  const declarations: Declaration[] = []
  while (tokens.peek().kind !== 'end') declarations.push(parseDeclaration(tokens))
  return { name, version, uses, declarations }
}

export function parseUses(tokens: TokenStream): Word[] {
  tokens.next()
  const uses = [tokens.expectName('a contract')]
  while (tokens.acceptSymbol(',')) uses.push(tokens.expectName('a contract'))
  return uses
}

const DECLARATIONS: ReadonlyMap<string, (tokens: TokenStream) => Declaration> = new Map([
  ['enum', parseEnum],
  ['record', parseRecord],
  ['state', parseState],
  ['table', parseState],
  ['event', parseEvent],
  ['refusal', parseRefusalDeclaration],
  ['constant', parseConstant],
  ['function', parseFunction],
  ['filter', parseFunction],
  ['view', parseFunction],
  ['action', parseFunction],
  ['genesis', parseFunction],
])

/** `others`: what else the file may declare, for the advice. */
export function parseDeclaration(tokens: TokenStream, others: readonly string[] = []): Declaration {
  const token = tokens.peek()
  const parse = token.kind === 'word' ? DECLARATIONS.get(token.text) : undefined
  if (parse === undefined) {
    const words = [...others, ...DECLARATIONS.keys()]
    const advice = `A declaration starts with one of: ${words.join(', ')}.`
    throw tokens.unexpected('a declaration', `${advice}${didYouMean(token.text, words)}`)
  }
  if (!token.startsLine) {
    throw new Mistake(token.span, 'a declaration starts on a line of its own', 'Put it on the next line.')
  }
  return parse(tokens)
}

function parseEnum(tokens: TokenStream): Declaration {
  const { span } = tokens.next()
  const name = tokens.expectName('an enum')
  tokens.expectSymbol('{', 'Write: enum Status { active, revoked }.')
  return { kind: 'enum', name, members: tokens.listUntil('}', () => tokens.expectName('an enum member')), span }
}

function parseRecord(tokens: TokenStream): Declaration {
  const { span } = tokens.next()
  const name = tokens.expectName('a record')
  tokens.expectSymbol('{', 'Give the fields in braces.')
  const fields: FieldSyntax[] = []
  while (!tokens.acceptSymbol('}')) {
    fields.push(parseField(tokens))
    const separated = tokens.acceptSymbol(',') || tokens.peek().startsLine || tokens.isSymbol('}')
    if (!separated) throw tokens.unexpected('the next field', 'Put it on its own line, or put a comma between.')
  }
  return { kind: 'record', name, fields, span }
}

function parseState(tokens: TokenStream): Declaration {
  const { span, text } = tokens.next()
  const table = text === 'table'
  const name = tokens.expectName(table ? 'a table' : 'a state')
  const example = table ? `table ${name.text}: map<code, list<code, 8>>` : `state ${name.text}: map<id, Record>`
  tokens.expectSymbol(':', `Give "${name.text}" a type: ${example}.`)
  if (!(tokens.isWord('map') && tokens.isSymbol('<', 1))) {
    return { kind: 'state', name, key: null, value: parseType(tokens), table, span }
  }
  tokens.next()
  tokens.next()
  const key = parseKey(tokens)
  tokens.expectSymbol(',', 'A map has a key and a value: map<id, Record>.')
  const value = parseType(tokens)
  tokens.expectSymbol('>', 'Close the type with ">".')
  return { kind: 'state', name, key, value, table, span }
}

function parseKey(tokens: TokenStream): { name: Word | null; type: FieldSyntax['type'] }[] {
  if (!tokens.acceptSymbol('(')) return [{ name: null, type: parseType(tokens) }]
  return tokens.listUntil(')', () => {
    const named = tokens.isName() && tokens.isSymbol(':', 1)
    const name = named ? tokens.expectName('a part of the key') : null
    if (named) tokens.next()
    return { name, type: parseType(tokens) }
  })
}

function parseEvent(tokens: TokenStream): Declaration {
  const { span } = tokens.next()
  const name = tokens.expectName('an event')
  return { kind: 'event', name, fields: parseParameters(tokens), span }
}

function parseRefusalDeclaration(tokens: TokenStream): Declaration {
  const { span } = tokens.next()
  const code = tokens.expectName('a refusal')
  const meaning = tokens.peek()
  if (meaning.kind !== 'text') {
    throw tokens.unexpected('what it means', `Write: refusal ${code.text} "A sentence for people."`)
  }
  tokens.next()
  return { kind: 'refusal', code, meaning: meaning.text, span }
}

function parseConstant(tokens: TokenStream): Declaration {
  const { span } = tokens.next()
  const name = tokens.expectName('a constant')
  const type = tokens.acceptSymbol(':') ? parseType(tokens) : null
  tokens.expectSymbol('=', `Give "${name.text}" a value.`)
  return { kind: 'constant', name, type, value: parseExpression(tokens), span }
}

function parseFunction(tokens: TokenStream): FunctionSyntax {
  const { span } = tokens.peek()
  const kind = parseFunctionKind(tokens)
  const name = tokens.expectName(`${kind === 'action' || kind === 'genesis action' ? 'an' : 'a'} ${kind}`)
  const parameters = parseParameters(tokens)
  const returns = tokens.acceptWord('returns') ? parseType(tokens) : null
  const reveals = tokens.acceptWord('reveals') ? tokens.expectName('a parameter') : null
  const by = tokens.acceptWord('by') ? tokens.expectName('a contract') : null
  return { kind, name, parameters, returns, reveals, by, body: parseBlock(tokens), span }
}

function parseFunctionKind(tokens: TokenStream): FunctionSyntax['kind'] {
  if (tokens.acceptWord('genesis')) {
    tokens.expectWord('action', 'Write: genesis action NAME(...).')
    return 'genesis action'
  }
  return tokens.next().text as 'function' | 'filter' | 'view' | 'action'
}

function parseParameters(tokens: TokenStream): FieldSyntax[] {
  tokens.expectSymbol('(', 'Give the names and types in parentheses, or () for none.')
  return tokens.listUntil(')', () => parseField(tokens))
}
