// Tokens -> statements. spec/clause.md, "Grammar".

import { Mistake } from './diagnostics.ts'
import { parseCall, parseCondition, parseExpression, parseFieldValue, parseRefusal } from './parse-expression.ts'
import { parseBound, parseType } from './parse-type.ts'
import type { Block, Expression, IfBranch, Statement } from './syntax.ts'
import type { TokenStream } from './token-stream.ts'

export function parseBlock(tokens: TokenStream): Block {
  tokens.expectSymbol('{', 'A block of statements starts with "{".')
  return tokens.nested(() => {
    const statements: Statement[] = []
    while (!tokens.isSymbol('}')) {
      const token = tokens.peek()
      if (token.kind === 'end') throw tokens.unexpected('"}"', 'Close the block with "}".')
      if (!token.startsLine && tokens.previous.text !== '{') {
        throw new Mistake(token.span, `"${token.text}" does not continue the statement`, 'Start it on its own line.')
      }
      statements.push(parseStatement(tokens))
    }
    return { statements, end: tokens.next().span }
  })
}

function parseStatement(tokens: TokenStream): Statement {
  const start = tokens.peek()
  const parse = start.kind === 'word' ? STATEMENTS.get(start.text) : undefined
  if (parse !== undefined) {
    tokens.next()
    const statement = parse(tokens)
    return { ...statement, span: tokens.spanFrom(start.span) }
  }
  if (!tokens.isName())
    throw tokens.unexpected('a statement', 'A statement starts with a word such as let, if, require.')
  return parseNameStatement(tokens)
}

type WithoutSpan<T> = T extends unknown ? Omit<T, 'span'> : never
type StatementBody = WithoutSpan<Statement>

/** By first word, which has been read. */
const STATEMENTS: ReadonlyMap<string, (tokens: TokenStream) => StatementBody> = new Map([
  ['let', (tokens: TokenStream) => parseVariable(tokens, false)],
  ['var', (tokens: TokenStream) => parseVariable(tokens, true)],
  ['if', parseIf],
  ['for', parseFor],
  ['match', parseMatch],
  ['delete', parseDelete],
  ['require', parseRequire],
  ['emit', parseEmit],
  ['refuse', (tokens: TokenStream): StatementBody => ({ kind: 'refuse', refusal: parseRefusal(tokens) })],
  ['return', parseReturn],
  ['break', (): StatementBody => ({ kind: 'break' })],
  ['continue', (): StatementBody => ({ kind: 'continue' })],
])

function parseVariable(tokens: TokenStream, changeable: boolean): StatementBody {
  const name = tokens.expectName('a variable')
  const type = tokens.acceptSymbol(':') ? parseType(tokens) : null
  tokens.expectSymbol('=', `Give "${name.text}" a value: ${changeable ? 'var' : 'let'} ${name.text} = ...`)
  return { kind: 'variable', changeable, name, type, value: parseExpression(tokens) }
}

function parseIf(tokens: TokenStream): StatementBody {
  const branches: IfBranch[] = [{ condition: parseExpression(tokens), body: parseBlock(tokens) }]
  let otherwise: Block | null = null
  while (otherwise === null && tokens.acceptWord('else')) {
    if (tokens.acceptWord('if')) branches.push({ condition: parseExpression(tokens), body: parseBlock(tokens) })
    else otherwise = parseBlock(tokens)
  }
  return { kind: 'if', branches, otherwise }
}

function parseFor(tokens: TokenStream): StatementBody {
  if (tokens.isSymbol('(')) return parseForEntries(tokens)
  const variable = tokens.expectName('a variable')
  tokens.expectWord('in', 'Write: for ITEM in LIST.')
  const from = parseExpression(tokens)
  if (!tokens.acceptSymbol('..')) return { kind: 'forList', variable, list: from, body: parseBlock(tokens) }
  const to = parseExpression(tokens)
  const max = tokens.acceptWord('max') ? parseBound(tokens) : null
  return { kind: 'forRange', variable, from, to, max, body: parseBlock(tokens) }
}

function parseForEntries(tokens: TokenStream): StatementBody {
  tokens.next()
  const keys = tokens.listUntil(')', () => tokens.expectName('a part of the key'))
  const value = tokens.acceptSymbol(',') ? tokens.expectName('the value') : null
  tokens.expectWord('in', 'Write: for (KEY), VALUE in STATE[PREFIX, ...] max N.')
  const state = tokens.expectName('a state')
  const prefix = parsePrefix(tokens)
  const limitKind = tokens.isWord('first') ? 'first' : 'max'
  tokens.expectWord(limitKind, 'Say how many entries there may be: "max N" refuses more, "first N" stops after N.')
  const limit = { kind: limitKind, bound: parseBound(tokens) } as const
  const start = parseStart(tokens)
  return { kind: 'forEntries', keys, value, state, prefix, limit, start, body: parseBlock(tokens) }
}

function parsePrefix(tokens: TokenStream): Expression[] {
  tokens.expectSymbol('[', 'Give the prefix of the key, or [...] for all entries.')
  const prefix: Expression[] = []
  while (!tokens.acceptSymbol('...')) {
    prefix.push(parseExpression(tokens))
    tokens.expectSymbol(',', 'The prefix of the key ends in "...": [patient, ...].')
  }
  tokens.expectSymbol(']', 'Close the prefix with "]".')
  return prefix
}

function parseStart(
  tokens: TokenStream,
): { kind: 'from' | 'after'; keys: Expression[]; span: Expression['span'] } | null {
  const kind = tokens.isWord('from') ? 'from' : tokens.isWord('after') ? 'after' : null
  if (kind === null) return null
  const word = tokens.next()
  tokens.expectSymbol('(', `Write: ${kind} (KEY).`)
  const keys = tokens.listUntil(')', () => parseExpression(tokens))
  return { kind, keys, span: tokens.spanFrom(word.span) }
}

function parseMatch(tokens: TokenStream): StatementBody {
  const value = parseExpression(tokens)
  tokens.expectSymbol('{', 'Write: match VALUE { MEMBER { ... } }.')
  const cases: (StatementBody & { kind: 'match' })['cases'][number][] = []
  let otherwise: Block | null = null
  while (!tokens.isSymbol('}')) {
    if (otherwise !== null) throw tokens.unexpected('"}"', '"otherwise" is the last case.')
    if (tokens.acceptWord('otherwise')) {
      otherwise = parseBlock(tokens)
      continue
    }
    const members = [tokens.expectName('an enum member')]
    while (tokens.acceptSymbol(',')) members.push(tokens.expectName('an enum member'))
    cases.push({ members, body: parseBlock(tokens) })
  }
  tokens.next()
  return { kind: 'match', value, cases, otherwise }
}

function parseDelete(tokens: TokenStream): StatementBody {
  const name = tokens.expectName('a state')
  tokens.expectSymbol('[', 'Write: delete STATE[KEY].')
  return { kind: 'delete', name, keys: tokens.listUntil(']', () => parseExpression(tokens)) }
}

function parseRequire(tokens: TokenStream): StatementBody {
  const condition = parseCondition(tokens)
  tokens.expectWord('else', 'Say what the refusal is: require CONDITION else CODE.')
  return { kind: 'require', condition, refusal: parseRefusal(tokens) }
}

function parseEmit(tokens: TokenStream): StatementBody {
  const event = tokens.expectName('an event')
  tokens.expectSymbol('(', 'Give the fields of the event in parentheses.')
  return { kind: 'emit', event, fields: tokens.listUntil(')', () => parseFieldValue(tokens)) }
}

function parseReturn(tokens: TokenStream): StatementBody {
  const next = tokens.peek()
  const isBare = next.startsLine || tokens.isSymbol('}')
  return { kind: 'return', value: isBare ? null : parseExpression(tokens) }
}

/** An assignment or a call. */
function parseNameStatement(tokens: TokenStream): Statement {
  const name = tokens.expectName('a variable or state')
  if (tokens.isSymbol('(')) {
    const call = parseCall(tokens, { target: null, name })
    return { kind: 'call', call, span: call.span }
  }
  if (tokens.isSymbol('.') && tokens.isName(1) && tokens.isSymbol('(', 2)) {
    tokens.next()
    const target: Expression = { kind: 'name', name, span: name.span }
    const call = parseCall(tokens, { target, name: tokens.expectName('a view') })
    return { kind: 'call', call, span: call.span }
  }
  const keys = tokens.acceptSymbol('[') ? tokens.listUntil(']', () => parseExpression(tokens)) : null
  if (tokens.isSymbol('.')) {
    const advice = `Write: ${name.text} = ${name.text} with { field: value }.`
    throw new Mistake(tokens.peek().span, 'a field of a record is not assigned', advice)
  }
  tokens.expectSymbol('=', 'A statement is an assignment, a call, or starts with a word such as let, if, require.')
  const value = parseExpression(tokens)
  return { kind: 'assign', name, keys, value, span: tokens.spanFrom(name.span) }
}
