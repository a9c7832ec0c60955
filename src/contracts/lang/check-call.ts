// Everything written NAME(...): records, functions and views, host functions, views of used contracts, list methods.

import { OP, type Opcode } from '../vm/instruction.ts'
import {
  BOOL,
  CODE,
  HASH,
  ID,
  INT,
  INTERVAL,
  INTERVAL_END,
  isOrdered,
  isScalar,
  KEY,
  type ListType,
  type RecordType,
  TIME,
  type Type,
  typeText,
} from '../vm/type.ts'
import type { Body } from './body.ts'
import { expectType, operation } from './build.ts'
import type { Checked, EntrySymbol, StateSymbol } from './checked.ts'
import { didYouMean, Mistake, type Span } from './diagnostics.ts'
import { HOST_FUNCTIONS, lookUp } from './symbols.ts'
import type { CallExpression, Expression, FieldValueSyntax, Word } from './syntax.ts'

/** A call that may have no result: as a statement. */
export function checkCallStatement(body: Body, syntax: CallExpression): { call: Checked; hasResult: boolean } {
  const callee = syntax.target === null ? body.symbols.functions.get(syntax.name.text) : undefined
  if (callee !== undefined) return { call: checkFunctionCall(body, syntax), hasResult: callee.returns !== null }
  const granted = grantedAction(body, syntax)
  if (granted !== undefined)
    return { call: checkImportCall(body, syntax, granted), hasResult: granted.returns !== null }
  const advice = 'Use it in a condition, or give it a name with let.'
  checkCall(body, syntax)
  throw new Mistake(syntax.span, 'the result of this is not used', advice)
}

export function checkCall(body: Body, syntax: CallExpression): Checked {
  const { symbols } = body
  const { target, name } = syntax
  if (target === null) {
    const type = symbols.types.get(name.text)
    if (type?.kind === 'record') return checkRecord(body, type, syntax)
    if (HOST_FUNCTIONS.has(name.text)) return checkHostFunction(body, syntax)
    const callee = lookUpFunction(body, name)
    if (callee.returns !== null) return checkFunctionCall(body, syntax)
    throw new Mistake(syntax.span, `"${name.text}" returns nothing`, 'Call it as a statement of its own.')
  }
  if (target.kind === 'name' && body.find(target.name.text) === undefined) {
    const used = symbols.uses.get(target.name.text)
    const type = used?.types.get(name.text)
    if (type?.kind === 'record') return checkRecord(body, type, syntax)
    if (used !== undefined) {
      const entry = grantedAction(body, syntax) ?? lookUp(used.views, name, `view of ${used.name} called`)
      if (entry.returns !== null) return checkImportCall(body, syntax, entry)
      throw new Mistake(syntax.span, `"${name.text}" returns nothing`, 'Call it as a statement of its own.')
    }
  }
  const table = tableNamed(body, target)
  if (table !== undefined) return checkCovers(body, syntax, table)
  const value = body.check(target)
  return value.type.kind === 'interval'
    ? checkIntervalMethod(body, syntax, value)
    : checkListMethod(body, syntax, value)
}

function lookUpFunction(body: Body, name: Word) {
  const { functions, types } = body.symbols
  const callee = functions.get(name.text)
  if (callee === undefined) {
    const known = [...functions.keys(), ...types.keys(), ...HOST_FUNCTIONS]
    const advice = `Declare a function of this name.${didYouMean(name.text, known)}`
    throw new Mistake(name.span, `there is no function "${name.text}"`, advice)
  }
  if (callee.syntax.kind === 'action' || callee.syntax.kind === 'genesis action') {
    throw new Mistake(name.span, `"${name.text}" is an action`, 'Only transactions call actions: share a function.')
  }
  return callee
}

function checkFunctionCall(body: Body, syntax: CallExpression): Checked {
  const callee = lookUpFunction(body, syntax.name)
  if (!body.calls.has(syntax.name.text)) body.calls.set(syntax.name.text, syntax.name.span)
  const operands = checkArguments(body, syntax, callee.parameters)
  return { kind: 'call', function: syntax.name.text, operands, type: callee.returns ?? INT }
}

/** `contract.action(...)` of a used contract that lets this one call it. */
function grantedAction({ symbols }: Body, { target, name }: CallExpression): EntrySymbol | undefined {
  if (target?.kind !== 'name') return undefined
  const action = symbols.uses.get(target.name.text)?.granted.get(name.text)
  if (action === undefined || action.by === symbols.contract) return action
  const advice = `Only the contract ${action.by} may: ask for what you need there.`
  throw new Mistake(name.span, `"${name.text}" is not for this contract to call`, advice)
}

function checkImportCall(body: Body, syntax: CallExpression, entry: EntrySymbol): Checked {
  const operands = checkArguments(body, syntax, entry.parameters)
  if (entry.kind === 'action') {
    body.writes ??= syntax.span
    body.readsTransaction ??= syntax.span
  }
  if (entry.kind === 'view') body.readsChain ??= syntax.span
  return { kind: 'import', entry, operands, type: entry.returns ?? INT }
}

/** In the order of the parameters; a name before an argument must be that of its parameter. */
function checkArguments(
  body: Body,
  syntax: CallExpression,
  parameters: readonly { readonly name: string; readonly type: Type }[],
): Checked[] {
  if (syntax.arguments.length !== parameters.length) {
    const expected = parameters.map(({ name, type }) => `${name}: ${typeText(type)}`).join(', ') || 'no arguments'
    const found = `${syntax.arguments.length} given, ${parameters.length} expected`
    throw new Mistake(syntax.span, `"${syntax.name.text}" takes other arguments: ${found}`, `It takes ${expected}.`)
  }
  return syntax.arguments.map(({ name, value }, i) => {
    const parameter = parameters[i] as { name: string; type: Type }
    if (name !== null && name.text !== parameter.name) {
      throw new Mistake(name.span, `this parameter is called "${parameter.name}"`, 'Give the arguments in their order.')
    }
    return body.checkAs(value, parameter.type)
  })
}

function checkRecord(body: Body, type: RecordType, syntax: CallExpression): Checked {
  const given = syntax.arguments.map(({ name, value }): FieldValueSyntax => {
    if (name !== null) return { name, value }
    if (value.kind === 'name') return { name: value.name, value }
    throw new Mistake(value.span, 'a field needs its name', `Write: ${syntax.name.text}(field: value).`)
  })
  const operands = checkFields(body, { name: type.name, fields: type.fields }, { given, span: syntax.span })
  return operation(OP.RECORD, operands, { type, a: type })
}

/** Values of all fields of a record or event, in the order of its declaration. */
export function checkFields(
  body: Body,
  shape: { readonly name: string; readonly fields: readonly { readonly name: string; readonly type: Type }[] },
  values: { readonly given: readonly FieldValueSyntax[]; readonly span: Span },
): Checked[] {
  const byName = new Map<string, Expression>()
  const names = shape.fields.map((field) => field.name)
  for (const { name, value } of values.given) {
    if (!names.includes(name.text)) {
      const advice = `Its fields: ${names.join(', ')}.${didYouMean(name.text, names)}`
      throw new Mistake(name.span, `${shape.name} has no field "${name.text}"`, advice)
    }
    if (byName.has(name.text)) throw new Mistake(name.span, `"${name.text}" is given twice`, 'Keep one of them.')
    byName.set(name.text, value)
  }
  const missing = names.filter((name) => !byName.has(name))
  if (missing.length > 0) {
    throw new Mistake(
      values.span,
      `${shape.name} lacks ${missing.join(', ')}`,
      'Give every field, none where it may be.',
    )
  }
  return shape.fields.map(({ name, type }) => body.checkAs(byName.get(name) as Expression, type))
}

function plainArguments(syntax: CallExpression, count: number): Expression[] {
  const named = syntax.arguments.find(({ name }) => name !== null)
  if (named?.name) throw new Mistake(named.name.span, 'these arguments have no names', 'Leave the name away.')
  if (syntax.arguments.length !== count) {
    const found = `${syntax.arguments.length} given, ${count} expected`
    throw new Mistake(syntax.span, `"${syntax.name.text}" takes other arguments: ${found}`, 'See spec/clause.md.')
  }
  return syntax.arguments.map(({ value }) => value)
}

function checkHostFunction(body: Body, syntax: CallExpression): Checked {
  const { name } = syntax
  switch (name.text) {
    case 'min':
    case 'max': {
      const [first, second] = plainArguments(syntax, 2) as [Expression, Expression]
      const left = body.check(first)
      if (!isOrdered(left.type)) {
        throw new Mistake(first.span, `${typeText(left.type)} has no order`, 'Give ints, times or durations.')
      }
      const op = name.text === 'min' ? OP.MINIMUM : OP.MAXIMUM
      return operation(op, [left, body.checkAs(second, left.type)], { type: left.type })
    }
    case 'interval': {
      const ends = plainArguments(syntax, 2).map((end) => body.checkAs(end, INTERVAL_END))
      return operation(OP.INTERVAL, ends, { type: INTERVAL })
    }
    case 'asId':
    case 'asHash':
    case 'asKey': {
      const [only] = plainArguments(syntax, 1) as [Expression]
      const value = body.check(only)
      if (value.type.kind !== 'id' && value.type.kind !== 'hash' && value.type.kind !== 'key') {
        throw new Mistake(only.span, `expected an id, hash or key, found ${typeText(value.type)}`, 'Only 32 bytes fit.')
      }
      const type = name.text === 'asId' ? ID : name.text === 'asHash' ? HASH : KEY
      return operation(OP.RETYPE, [value], { type, a: type })
    }
    default: {
      const parts = plainArguments(syntax, syntax.arguments.length).map((part) => body.check(part))
      if (parts.length > 32) throw new Mistake(syntax.span, 'more than 32 values', 'Hash them in two steps.')
      const packed = parts.map((part) => operation(OP.PACK, [part], { type: part.type, a: part.type }))
      if (name.text === 'hash') return operation(OP.HASH, packed, { type: HASH, a: packed.length })
      body.readsTransaction ??= name.span
      return operation(OP.DERIVE_ID, packed, { type: ID, a: packed.length })
    }
  }
}

/** `TABLE` or `TABLE[all parts of the key but the code]`. */
function tableNamed(
  body: Body,
  target: Expression,
): { readonly state: StateSymbol; readonly keys: readonly Expression[] } | undefined {
  const [name, keys] = target.kind === 'index' ? [target.target, target.keys] : [target, []]
  if (name.kind !== 'name' || body.find(name.name.text) !== undefined) return undefined
  const state = body.symbols.states.get(name.name.text)
  return state?.table ? { state, keys } : undefined
}

/** `table.covers(broader, narrower)`. */
function checkCovers(
  body: Body,
  syntax: CallExpression,
  { state, keys }: { readonly state: StateSymbol; readonly keys: readonly Expression[] },
): Checked {
  const { name } = syntax
  const parts = state.key.slice(0, -1)
  if (name.text !== 'covers') {
    throw new Mistake(name.span, `a table has no function "${name.text}"`, 'Write: TABLE.covers(broader, narrower).')
  }
  if (keys.length !== parts.length) {
    const place = parts.length === 0 ? state.name : `${state.name}[${parts.map((part) => part.name).join(', ')}]`
    throw new Mistake(syntax.span, 'the code is given last', `Write: ${place}.covers(broader, narrower).`)
  }
  const before = keys.map((key, i) => body.checkAs(key, (parts[i] as { type: Type }).type))
  const codes = plainArguments(syntax, 2).map((code) => body.checkAs(code, CODE))
  return operation(OP.COVERS, [...before, ...codes], { type: BOOL, a: state.index })
}

const INTERVAL_METHODS: ReadonlyMap<string, { readonly op: Opcode; readonly other: Type }> = new Map<
  string,
  { readonly op: Opcode; readonly other: Type }
>([
  ['contains', { op: OP.HOLDS, other: TIME }],
  ['within', { op: OP.WITHIN, other: INTERVAL }],
  ['overlaps', { op: OP.OVERLAPS, other: INTERVAL }],
])

function checkIntervalMethod(body: Body, syntax: CallExpression, target: Checked): Checked {
  const { op, other } = lookUp(INTERVAL_METHODS, syntax.name, 'function of intervals called')
  const [operand] = plainArguments(syntax, 1) as [Expression]
  return operation(op, [target, body.checkAs(operand, other)], { type: BOOL })
}

const LIST_METHODS: ReadonlyMap<string, Opcode> = new Map<string, Opcode>([
  ['append', OP.APPEND],
  ['with', OP.WITH_MEMBER],
  ['without', OP.WITHOUT_MEMBER],
  ['replace', OP.REPLACE],
  ['contains', OP.CONTAINS],
])

function checkListMethod(body: Body, syntax: CallExpression, target: Checked): Checked {
  const { name } = syntax
  const { type } = target
  if (type.kind !== 'list') {
    const advice = 'Only lists, intervals and tables have functions.'
    throw new Mistake(name.span, `${typeText(type)} has no function "${name.text}"`, advice)
  }
  const op = lookUp(LIST_METHODS, name, 'function of lists called')
  if (op === OP.REPLACE) {
    const [index, item] = plainArguments(syntax, 2) as [Expression, Expression]
    return operation(op, [target, body.checkAs(index, INT), body.checkAs(item, type.item)], { type })
  }
  const [item] = plainArguments(syntax, 1) as [Expression]
  const member = expectType(body.check(item, type.item), type.item, item.span)
  if (op !== OP.APPEND) assertCompared(type, name)
  if (op === OP.CONTAINS) return operation(op, [member, target], { type: { kind: 'bool' } })
  return operation(op, [target, member], { type, a: op === OP.WITHOUT_MEMBER ? 0 : type.max })
}

function assertCompared(type: ListType, name: Word): void {
  if (isScalar(type.item)) return
  const advice = 'Loop over it, or use "any x in list where ...".'
  throw new Mistake(name.span, `elements of ${typeText(type)} are not compared`, advice)
}
