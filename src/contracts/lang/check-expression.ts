// Expressions: what each means and which type it has. A type that is expected helps to read texts, empty lists, none and
// bare enum members; it never changes what an expression computes.

import { isCode, isName } from '../vm/cell.ts'
import { OP } from '../vm/instruction.ts'
import {
  BOOL,
  CODE,
  DURATION,
  INT,
  INTERVAL_END,
  INTERVAL_ENDS,
  isScalar,
  LIST_MAX,
  NAME,
  type Type,
  typeText,
} from '../vm/type.ts'
import { type Body, factsOf } from './body.ts'
import { constant, convert, expectType, not, operation } from './build.ts'
import { checkBinary } from './check-arithmetic.ts'
import { checkCall } from './check-call.ts'
import { checkName, checkQualified } from './check-name.ts'
import type { Checked, StateSymbol } from './checked.ts'
import { Mistake, type Span } from './diagnostics.ts'
import { resolveRefusal } from './refusals.ts'
import { memberOf } from './symbols.ts'
import type { Expression } from './syntax.ts'

export function checkCondition(body: Body, syntax: Expression): Checked {
  return body.checkAs(syntax, BOOL)
}

export function check(body: Body, syntax: Expression, expected?: Type): Checked {
  switch (syntax.kind) {
    case 'integer':
      return constant(INT, syntax.value)
    case 'duration':
      return constant(DURATION, syntax.milliseconds)
    case 'boolean':
      return constant(BOOL, syntax.value)
    case 'text':
      return checkText(syntax.value, syntax.span, expected)
    case 'none':
      if (expected?.kind === 'optional') return { kind: 'none', type: expected }
      throw expected === undefined
        ? new Mistake(syntax.span, 'none of which type?', 'Say it: let x: id? = none.')
        : new Mistake(syntax.span, `expected ${typeText(expected)}, found none`, `Give a ${typeText(expected)}.`)
    case 'list':
      return checkList(body, syntax, expected)
    case 'name':
      return checkName(body, syntax.name, expected)
    case 'field':
      return checkField(body, syntax)
    case 'index':
      return checkIndex(body, syntax)
    case 'with':
      return checkWith(body, syntax)
    case 'call':
      return checkCall(body, syntax)
    case 'negate':
      return checkNegate(body, syntax)
    case 'not':
      return not(checkCondition(body, syntax.value))
    case 'logical':
      return checkLogical(body, syntax)
    case 'binary':
      return checkBinary(body, syntax)
    case 'in':
      return checkIn(body, syntax)
    case 'is':
      return checkIs(body, syntax)
    case 'else':
      return checkElse(body, syntax, expected)
    case 'if':
      return checkIf(body, syntax, expected)
    case 'quantifier':
      return checkQuantifier(body, syntax)
  }
}

type Kind<K extends Expression['kind']> = Extract<Expression, { kind: K }>

function checkText(text: string, span: Span, expected: Type | undefined): Checked {
  const wanted = expected?.kind === 'optional' ? expected.value : expected
  if (wanted?.kind === 'name') {
    if (!isName(text)) throw new Mistake(span, 'this is no name', 'A name has 1 to 64 characters.')
    return constant(NAME, text)
  }
  if (!isCode(text)) {
    throw new Mistake(span, 'this is no code', 'A code is 1 to 64 of A-Z a-z 0-9 . _ | : / # -')
  }
  return constant(CODE, text)
}

function checkList(body: Body, syntax: Kind<'list'>, expected: Type | undefined): Checked {
  const wanted = expected?.kind === 'optional' ? expected.value : expected
  const known = wanted?.kind === 'list' ? wanted : undefined
  const [first, ...rest] = syntax.items
  if (first === undefined) {
    if (known !== undefined) return { kind: 'list', type: known, items: [] }
    throw new Mistake(syntax.span, 'an empty list of what?', 'Say it: let x: list<id, 32> = [].')
  }
  const head = known === undefined ? check(body, first) : body.checkAs(first, known.item)
  const items = [head, ...rest.map((item) => body.checkAs(item, head.type))]
  if (known !== undefined && items.length > known.max) {
    throw new Mistake(syntax.span, `${items.length} elements, at most ${known.max} fit`, 'Leave some out.')
  }
  return { kind: 'list', type: known ?? { kind: 'list', item: head.type, max: items.length }, items }
}

function checkField(body: Body, syntax: Kind<'field'>): Checked {
  const qualified = checkQualified(body, syntax)
  if (qualified !== undefined) return qualified
  const target = check(body, syntax.target)
  const { type } = target
  if (type.kind === 'list' && syntax.name.text === 'length') return operation(OP.LENGTH, [target], { type: INT })
  const index = fieldOf(type, syntax.name)
  return body.narrowed(operation(OP.FIELD, [target], index))
}

/** Position and type of a field. */
export function fieldOf(type: Type, name: { text: string; span: Span }): { type: Type; a: number } {
  if (type.kind === 'interval') {
    const end = INTERVAL_ENDS.indexOf(name.text)
    if (end >= 0) return { type: INTERVAL_END, a: end }
    throw new Mistake(name.span, `interval has no field "${name.text}"`, 'It has from and to.')
  }
  if (type.kind !== 'record') {
    const advice =
      type.kind === 'optional'
        ? 'It may be none: write "x else refuse CODE", or test "x is some" before.'
        : 'Only records have fields.'
    throw new Mistake(name.span, `${typeText(type)} has no field "${name.text}"`, advice)
  }
  const position = type.fields.findIndex((field) => field.name === name.text)
  const field = type.fields[position]
  if (field !== undefined) return { type: field.type, a: position }
  const names = type.fields.map((each) => each.name)
  throw new Mistake(name.span, `${type.name} has no field "${name.text}"`, `Its fields: ${names.join(', ')}.`)
}

function checkIndex(body: Body, syntax: Kind<'index'>): Checked {
  const state = stateNamed(body, syntax.target)
  if (state !== undefined) {
    const keys = checkKeys(body, state, syntax.keys, syntax.span)
    body.noteRead(state, syntax.span)
    return operation(OP.GET, keys, { type: { kind: 'optional', value: state.value }, a: state.index })
  }
  const target = check(body, syntax.target)
  const [key, ...more] = syntax.keys
  if (target.type.kind !== 'list' || key === undefined || more.length > 0) {
    throw new Mistake(
      syntax.span,
      `${typeText(target.type)} has no elements`,
      'Take one element of a list or of a state.',
    )
  }
  return operation(OP.INDEX, [target, body.checkAs(key, INT)], { type: target.type.item })
}

export function stateNamed(body: Body, syntax: Expression): StateSymbol | undefined {
  if (syntax.kind !== 'name' || body.find(syntax.name.text) !== undefined) return undefined
  return body.symbols.states.get(syntax.name.text)
}

export function checkKeys(body: Body, state: StateSymbol, keys: readonly Expression[], span: Span): Checked[] {
  if (state.single) throw new Mistake(span, `"${state.name}" is a single value`, 'Leave the brackets away.')
  if (keys.length !== state.key.length) {
    const parts = state.key.map((part) => part.name).join(', ')
    throw new Mistake(span, `"${state.name}" has a key of ${state.key.length} parts`, `Write: ${state.name}[${parts}].`)
  }
  return keys.map((key, i) => body.checkAs(key, (state.key[i] as { type: Type }).type))
}

function checkWith(body: Body, syntax: Kind<'with'>): Checked {
  const target = check(body, syntax.target)
  if (target.type.kind === 'interval') {
    throw new Mistake(syntax.span, 'an interval is not changed', 'Make another: interval(from, to).')
  }
  if (syntax.fields.length === 0) throw new Mistake(syntax.span, 'nothing is changed', 'Name a field.')
  const seen = new Set<string>()
  return syntax.fields.reduce((record, { name, value }) => {
    const { type, a } = fieldOf(target.type, name)
    if (seen.has(name.text)) throw new Mistake(name.span, `"${name.text}" is given twice`, 'Keep one of them.')
    seen.add(name.text)
    return operation(OP.WITH, [record, body.checkAs(value, type)], { type: target.type, a })
  }, target)
}

function checkNegate(body: Body, syntax: Kind<'negate'>): Checked {
  const value = check(body, syntax.value)
  if (value.type.kind !== 'int' && value.type.kind !== 'duration') {
    throw new Mistake(syntax.span, `${typeText(value.type)} has no negative`, 'Only an int or a duration has one.')
  }
  if (value.kind === 'constant') return constant(value.type, 0 - (value.cell as number))
  return operation(OP.NEGATE, [value], { type: value.type })
}

function checkLogical(body: Body, syntax: Kind<'logical'>): Checked {
  const left = checkCondition(body, syntax.left)
  const facts = factsOf(left, syntax.operator === 'and')
  const right = body.assuming(facts, () => checkCondition(body, syntax.right))
  return { kind: 'logical', operator: syntax.operator, left, right, type: BOOL }
}

function checkIn(body: Body, syntax: Kind<'in'>): Checked {
  const found = checkMembership(body, syntax)
  return syntax.negated ? not(found) : found
}

function checkMembership(body: Body, syntax: Kind<'in'>): Checked {
  const state = stateNamed(body, syntax.target)
  if (state !== undefined) {
    const keys = checkKeys(body, state, [syntax.item], syntax.span)
    body.noteRead(state, syntax.span)
    return operation(OP.HAS, keys, { type: BOOL, a: state.index })
  }
  // Whichever side cannot say its own type, a literal list or a bare enum member, is told it by the other.
  const item = syntax.item.kind === 'name' && syntax.target.kind !== 'list' ? undefined : check(body, syntax.item)
  const expected: Type | undefined = item && { kind: 'list', item: item.type, max: LIST_MAX }
  const list = checkListOperand(body, syntax.target, expected)
  if (!isScalar(list.type.item)) {
    throw new Mistake(syntax.target.span, `elements of ${typeText(list.type)} are not compared`, 'Use "any x in list".')
  }
  const member = item === undefined ? body.checkAs(syntax.item, list.type.item) : item
  const operand = expectType(member, list.type.item, syntax.item.span)
  return operation(OP.CONTAINS, [operand, list], { type: BOOL })
}

export function checkListOperand(
  body: Body,
  syntax: Expression,
  expected?: Type,
): Checked & { type: Type & { kind: 'list' } } {
  const list = check(body, syntax, expected)
  const { type } = list
  if (type.kind === 'list') return { ...list, type }
  throw new Mistake(syntax.span, `expected a list, found ${typeText(type)}`, 'Give a list here.')
}

function checkIs(body: Body, syntax: Kind<'is'>): Checked {
  const { test, negated } = syntax
  const value = check(body, syntax.value)
  if (test.kind === 'members') {
    const tested = checkMemberTest(value, syntax)
    return negated ? not(tested) : tested
  }
  if (value.type.kind !== 'optional') {
    throw new Mistake(syntax.span, `this ${typeText(value.type)} is always there`, 'Leave the test away.')
  }
  const wantsSome = (test.kind === 'some') !== negated
  if (value.kind === 'operation' && value.op === OP.GET) {
    const has = operation(OP.HAS, value.operands, { type: BOOL, a: value.a })
    return wantsSome ? has : not(has)
  }
  return operation(wantsSome ? OP.IS_SOME : OP.IS_NONE, [value], { type: BOOL })
}

function checkMemberTest(value: Checked, syntax: Kind<'is'>): Checked {
  const { type } = value
  const words = syntax.test.kind === 'members' ? syntax.test.members : []
  if (type.kind !== 'enum') {
    const advice = type.kind === 'optional' ? 'It may be none: test "x is some" before.' : 'Compare with == instead.'
    throw new Mistake(syntax.span, `${typeText(type)} has no members to be one of`, advice)
  }
  if (words.length === 0) throw new Mistake(syntax.span, 'one of no members', 'Name at least one.')
  const positions = words.map((word) => memberOf(type, word))
  const [only, ...more] = positions
  if (only !== undefined && more.length === 0) {
    return operation(OP.EQUAL, [value, constant(type, only)], { type: BOOL })
  }
  const list = constant({ kind: 'list', item: type, max: positions.length }, positions)
  return operation(OP.CONTAINS, [value, list], { type: BOOL })
}

function checkElse(body: Body, syntax: Kind<'else'>, expected: Type | undefined): Checked {
  const wanted =
    expected === undefined || expected.kind === 'optional' ? expected : { kind: 'optional' as const, value: expected }
  const value = check(body, syntax.value, wanted)
  const { type } = value
  if (type.kind !== 'optional') {
    const advice = 'Leave the "else" away.'
    throw new Mistake(syntax.value.span, `this ${typeText(type)} is always there`, advice)
  }
  if (syntax.otherwise.kind === 'refusal') {
    const refusal = resolveRefusal(body.symbols, syntax.otherwise)
    return { kind: 'elseRefuse', value, refusal, type: type.value }
  }
  const otherwise = check(body, syntax.otherwise, type.value)
  const certain = convert(otherwise, type.value)
  if (certain !== undefined) return { kind: 'else', value, otherwise: certain, type: type.value }
  return { kind: 'else', value, otherwise: expectType(otherwise, type, syntax.otherwise.span), type }
}

function checkIf(body: Body, syntax: Kind<'if'>, expected: Type | undefined): Checked {
  const condition = checkCondition(body, syntax.condition)
  const whenTrue = body.assuming(factsOf(condition, true), () => check(body, syntax.whenTrue, expected))
  const hint = expected ?? whenTrue.type
  const whenFalse = body.assuming(factsOf(condition, false), () => check(body, syntax.whenFalse, hint))
  const joined = (type: Type): Checked => ({
    kind: 'if',
    condition,
    whenTrue: expectType(whenTrue, type, syntax.whenTrue.span),
    whenFalse: expectType(whenFalse, type, syntax.whenFalse.span),
    type,
  })
  if (expected !== undefined && convert(whenTrue, expected) && convert(whenFalse, expected)) return joined(expected)
  return joined(convert(whenFalse, whenTrue.type) ? whenTrue.type : whenFalse.type)
}

function checkQuantifier(body: Body, syntax: Kind<'quantifier'>): Checked {
  const list = checkListOperand(body, syntax.list)
  return body.scoped(() => {
    const variable = body.declare(syntax.variable, list.type.item)
    const result = body.hidden(`${syntax.quantifier} ${syntax.variable.text}`, BOOL, true)
    const condition = checkCondition(body, syntax.condition)
    return { kind: 'quantifier', quantifier: syntax.quantifier, list, variable, result, condition, type: BOOL }
  })
}
