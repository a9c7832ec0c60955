// Tokens -> expressions, one function a production. spec/clause.md, "Grammar".

import { Mistake } from './diagnostics.ts'
import type { BinaryOperator, CallExpression, Expression, FieldValueSyntax, RefusalSyntax, Word } from './syntax.ts'
import { UNITS } from './token.ts'
import type { TokenStream } from './token-stream.ts'

export function parseExpression(tokens: TokenStream): Expression {
  return tokens.nested(() => (tokens.isWord('if') ? parseConditional(tokens) : parseChoice(tokens)))
}

function parseConditional(tokens: TokenStream): Expression {
  const start = tokens.next().span
  const condition = parseCondition(tokens)
  tokens.expectWord('then', 'Inside an expression, write: if CONDITION then VALUE else VALUE.')
  const whenTrue = parseCondition(tokens)
  tokens.expectWord('else', 'Say which value it is when the condition does not hold.')
  const whenFalse = parseExpression(tokens)
  return { kind: 'if', condition, whenTrue, whenFalse, span: tokens.spanFrom(start) }
}

function parseChoice(tokens: TokenStream): Expression {
  const start = tokens.peek().span
  const value = parseCondition(tokens)
  if (!tokens.acceptWord('else')) return value
  const otherwise = tokens.acceptWord('refuse') ? parseRefusal(tokens) : parseExpression(tokens)
  return { kind: 'else', value, otherwise, span: tokens.spanFrom(start) }
}

/** After `refuse`, or after the `else` of `require`. */
export function parseRefusal(tokens: TokenStream): RefusalSyntax {
  const code = tokens.expectName('a refusal')
  const about = tokens.acceptWord('about') ? tokens.expectName('a parameter') : null
  return { kind: 'refusal', code, about, span: tokens.spanFrom(code.span) }
}

/** An expression without `else` at its end: the condition of `require`, the value after `then`. */
export function parseCondition(tokens: TokenStream): Expression {
  return parseLogical(tokens, 'or', () => parseLogical(tokens, 'and', () => parseNot(tokens)))
}

function parseLogical(tokens: TokenStream, operator: 'and' | 'or', parseOperand: () => Expression): Expression {
  const start = tokens.peek().span
  let left = parseOperand()
  for (let links = 0; tokens.acceptWord(operator); links++) {
    tokens.chained(links)
    const right = parseOperand()
    left = { kind: 'logical', operator, left, right, span: tokens.spanFrom(start) }
  }
  return left
}

function parseNot(tokens: TokenStream): Expression {
  const start = tokens.peek().span
  if (tokens.acceptWord('not')) {
    const value = tokens.nested(() => parseNot(tokens))
    return { kind: 'not', value, span: tokens.spanFrom(start) }
  }
  const isQuantifier = (tokens.isWord('any') || tokens.isWord('all')) && tokens.isName(1) && tokens.isWord('in', 2)
  return isQuantifier ? parseQuantifier(tokens) : parseComparison(tokens)
}

function parseQuantifier(tokens: TokenStream): Expression {
  const start = tokens.next()
  const quantifier = start.text === 'any' ? 'any' : 'all'
  const variable = tokens.expectName('a variable')
  tokens.next()
  const list = parseSum(tokens)
  tokens.expectWord('where', `Write: ${quantifier} ITEM in LIST where CONDITION.`)
  const condition = tokens.nested(() => parseCondition(tokens))
  return { kind: 'quantifier', quantifier, variable, list, condition, span: tokens.spanFrom(start.span) }
}

const COMPARISONS: readonly BinaryOperator[] = ['==', '!=', '<=', '>=', '<', '>']

function parseComparison(tokens: TokenStream): Expression {
  const start = tokens.peek().span
  const left = parseSum(tokens)
  if (tokens.acceptWord('is')) return parseIs(tokens, left)
  const negated = tokens.isWord('not') && tokens.isWord('in', 1)
  if (negated) tokens.next()
  if (tokens.acceptWord('in')) {
    const target = parseSum(tokens)
    return { kind: 'in', negated, item: left, target, span: tokens.spanFrom(start) }
  }
  const operator = COMPARISONS.find((candidate) => tokens.acceptSymbol(candidate))
  if (operator === undefined) return left
  const right = parseSum(tokens)
  const chained = COMPARISONS.find((candidate) => tokens.isSymbol(candidate))
  if (chained !== undefined) {
    throw new Mistake(tokens.peek().span, 'comparisons do not chain', 'Write: a <= b and b < c.')
  }
  return { kind: 'binary', operator, left, right, span: tokens.spanFrom(start) }
}

function parseIs(tokens: TokenStream, value: Expression): Expression {
  const negated = tokens.acceptWord('not')
  const finish = (test: (Expression & { kind: 'is' })['test']): Expression => ({
    kind: 'is',
    negated,
    value,
    test,
    span: tokens.spanFrom(value.span),
  })
  if (tokens.acceptWord('none')) return finish({ kind: 'none' })
  if (tokens.acceptWord('some')) return finish({ kind: 'some' })
  if (tokens.isWord('one') && tokens.isWord('of', 1)) {
    tokens.next()
    tokens.next()
    tokens.expectSymbol('(', 'Write: is one of (active, suspended).')
    const members = tokens.listUntil(')', () => tokens.expectName('an enum member'))
    return finish({ kind: 'members', members })
  }
  return finish({ kind: 'members', members: [tokens.expectName('an enum member')] })
}

function parseSum(tokens: TokenStream): Expression {
  return parseBinary(tokens, ['+', '-'], () => parseBinary(tokens, ['*', '/', '%'], () => parseUnary(tokens)))
}

function parseBinary(
  tokens: TokenStream,
  operators: readonly BinaryOperator[],
  parseOperand: () => Expression,
): Expression {
  const start = tokens.peek().span
  let left = parseOperand()
  for (let links = 0; ; links++) {
    tokens.chained(links)
    const operator = operators.find((candidate) => tokens.acceptSymbol(candidate))
    if (operator === undefined) return left
    const right = parseOperand()
    left = { kind: 'binary', operator, left, right, span: tokens.spanFrom(start) }
  }
}

function parseUnary(tokens: TokenStream): Expression {
  const start = tokens.peek().span
  if (!tokens.acceptSymbol('-')) return parsePostfix(tokens)
  const value = tokens.nested(() => parseUnary(tokens))
  return { kind: 'negate', value, span: tokens.spanFrom(start) }
}

function parsePostfix(tokens: TokenStream): Expression {
  const start = tokens.peek().span
  let target = parsePrimary(tokens)
  for (let links = 0; ; links++) {
    tokens.chained(links)
    if (tokens.acceptSymbol('.')) {
      const name = parseMember(tokens)
      target = tokens.isSymbol('(')
        ? parseCall(tokens, { target, name })
        : { kind: 'field', target, name, span: tokens.spanFrom(start) }
    } else if (tokens.acceptSymbol('[')) {
      const keys = tokens.listUntil(']', () => parseExpression(tokens))
      target = { kind: 'index', target, keys, span: tokens.spanFrom(start) }
    } else if (tokens.acceptWord('with')) {
      tokens.expectSymbol('{', 'Write: record with { field: value }.')
      const fields = tokens.listUntil('}', () => parseFieldValue(tokens))
      target = { kind: 'with', target, fields, span: tokens.spanFrom(start) }
    } else return target
  }
}

/** `with` is a word of the language, but list.with(x) reads too well to be called otherwise. */
function parseMember(tokens: TokenStream): Word {
  if (!(tokens.isWord('with') && tokens.isSymbol('(', 1))) return tokens.expectName('a field or function')
  const { text, span } = tokens.next()
  return { text, span }
}

/** At the opening parenthesis. */
export function parseCall(
  tokens: TokenStream,
  callee: { readonly target: Expression | null; readonly name: Word },
): CallExpression {
  tokens.expectSymbol('(', 'Give the arguments in parentheses.')
  const given = tokens.listUntil(')', () => {
    const named = tokens.isName() && tokens.isSymbol(':', 1)
    const name = named ? tokens.expectName('a field') : null
    if (named) tokens.next()
    return { name, value: parseExpression(tokens) }
  })
  const start = callee.target?.span ?? callee.name.span
  return { kind: 'call', target: callee.target, name: callee.name, arguments: given, span: tokens.spanFrom(start) }
}

/** `name: value` or `name`. */
export function parseFieldValue(tokens: TokenStream): FieldValueSyntax {
  const name = tokens.expectName('a field')
  const value: Expression = tokens.acceptSymbol(':') ? parseExpression(tokens) : { kind: 'name', name, span: name.span }
  return { name, value }
}

function parsePrimary(tokens: TokenStream): Expression {
  const token = tokens.peek()
  const { span } = token
  if (token.kind === 'integer') return parseNumber(tokens)
  if (token.kind === 'text') {
    tokens.next()
    return { kind: 'text', value: token.text, span }
  }
  if (tokens.acceptWord('true')) return { kind: 'boolean', value: true, span }
  if (tokens.acceptWord('false')) return { kind: 'boolean', value: false, span }
  if (tokens.acceptWord('none')) return { kind: 'none', span }
  if (tokens.acceptSymbol('(')) {
    const inner = parseExpression(tokens)
    tokens.expectSymbol(')', 'Close the parenthesis.')
    return inner
  }
  if (tokens.acceptSymbol('[')) {
    const items = tokens.listUntil(']', () => parseExpression(tokens))
    return { kind: 'list', items, span: tokens.spanFrom(span) }
  }
  if (!tokens.isName()) throw tokens.unexpected('a value', 'A value is a name, a number, a text, true, false or none.')
  const name = tokens.expectName('a value')
  return tokens.isSymbol('(') ? parseCall(tokens, { target: null, name }) : { kind: 'name', name, span }
}

function parseNumber(tokens: TokenStream): Expression {
  const { value, span } = tokens.expectInteger('a number')
  const unit = tokens.peek()
  const milliseconds = unit.kind === 'word' && !unit.startsLine ? UNITS.get(unit.text) : undefined
  if (milliseconds === undefined) return { kind: 'integer', value, span }
  tokens.next()
  if (!Number.isSafeInteger(value * milliseconds)) {
    throw new Mistake(tokens.spanFrom(span), 'this duration is too long', 'At most 2^53-1 milliseconds.')
  }
  return { kind: 'duration', milliseconds: value * milliseconds, span: tokens.spanFrom(span) }
}
