// A contract as written -> a contract in which every name and type is resolved, or all its mistakes. Declarations stand
// here; expressions and statements in check-*.ts.

import { ENTRY_KINDS } from '../vm/module.ts'
import {
  ENUM_MEMBERS_MAX,
  type Field,
  isScalar,
  isTable,
  RECORD_FIELDS_MAX,
  type RecordType,
  TABLE_WIDTH_MAX,
  typeText,
} from '../vm/type.ts'
import { attempting, Body } from './body.ts'
import { foldConstant } from './check-arithmetic.ts'
import { check } from './check-expression.ts'
import { checkBlock } from './check-statement.ts'
import type { CheckedContract, CheckedFunction, EntrySymbol } from './checked.ts'
import { Mistake } from './diagnostics.ts'
import { checkEffects, type FunctionBody, orderFunctions } from './function-order.ts'
import { assertFits, resolveType } from './resolve-type.ts'
import { assertFresh, CONTEXT_WORDS, type ContractExports, HOST_FUNCTIONS, noSymbols, type Symbols } from './symbols.ts'
import type { ContractSyntax, Declaration, FieldSyntax, FunctionSyntax, Word } from './syntax.ts'

export interface TypecheckResult {
  readonly contract: CheckedContract
  readonly exports: ContractExports
}

type Kind<K extends Declaration['kind']> = Extract<Declaration, { kind: K }>

/** `earlier`: the contracts that may be used. Returns the mistakes instead of a result where there are any. */
export function typecheck(
  syntax: ContractSyntax,
  earlier: ReadonlyMap<string, ContractExports>,
): TypecheckResult | readonly Mistake[] {
  const mistakes: Mistake[] = []
  const attempt = attempting((mistake) => mistakes.push(mistake))

  const symbols = noSymbols(syntax.name.text)
  attempt(() => assertPlainWord(syntax.name))
  for (const use of syntax.uses) attempt(() => declareUse(symbols, use, earlier))
  // Each step stands on the one before: its mistakes would come back as many others.
  if (mistakes.length > 0) return mistakes
  for (const declaration of syntax.declarations) {
    if (declaration.kind !== 'function' && !isEntry(declaration)) attempt(() => declare(symbols, declaration))
  }
  const functions = syntax.declarations.filter(
    (each): each is FunctionSyntax => each.kind === 'function' || isEntry(each),
  )
  for (const declaration of functions) attempt(() => declareFunction(symbols, declaration))

  if (mistakes.length > 0) return mistakes

  const bodies: FunctionBody[] = []
  for (const declaration of functions) {
    // A second function of one name has been reported; its body would be checked against the head of the first.
    if (symbols.functions.get(declaration.name.text)?.syntax !== declaration) continue
    const checked = attempt(() => checkFunction(symbols, declaration))
    if (checked === undefined) continue
    mistakes.push(...checked.body.mistakes)
    bodies.push(checked)
  }
  attempt(() => checkEffects(bodies))
  const ordered = attempt(() => orderFunctions(bodies))
  if (mistakes.length > 0 || ordered === undefined) return mistakes.sort((a, b) => a.span.start - b.span.start)
  return { contract: checkedContract(syntax, symbols, ordered), exports: exportsOf(symbols) }
}

function isEntry(declaration: Declaration): boolean {
  return (ENTRY_KINDS as readonly string[]).includes(declaration.kind)
}

/** Names that callers outside the language use. */
function assertPlainWord(word: Word): void {
  if (/^[A-Za-z][A-Za-z0-9]{0,63}$/.test(word.text)) return
  throw new Mistake(word.span, 'this name is used outside the language', 'Use at most 64 letters and digits, no _.')
}

function assertUnique(table: ReadonlyMap<string, unknown>, word: Word, what: string): void {
  if (table.has(word.text))
    throw new Mistake(word.span, `${what} "${word.text}" is declared twice`, 'Remove one of them.')
}

function assertDistinct(words: readonly Word[], what: string): void {
  const seen = new Set<string>()
  for (const word of words) {
    if (seen.has(word.text)) throw new Mistake(word.span, `${what} "${word.text}" stands twice`, 'Remove one of them.')
    seen.add(word.text)
  }
}

export function declareUse(symbols: Symbols, word: Word, earlier: ReadonlyMap<string, ContractExports>): void {
  const used = earlier.get(word.text)
  if (used === undefined) {
    const advice = 'Contracts are compiled in order, and use only earlier ones: list it before this one.'
    throw new Mistake(word.span, `there is no contract "${word.text}" before this one`, advice)
  }
  assertFresh(symbols, word)
  symbols.uses.set(word.text, used)
}

/** Throws Mistake. */
export function declare(symbols: Symbols, declaration: Declaration): void {
  switch (declaration.kind) {
    case 'enum':
      declareEnum(symbols, declaration)
      return
    case 'record':
      declareRecord(symbols, declaration)
      return
    case 'state':
      declareState(symbols, declaration)
      return
    case 'event':
      assertUnique(symbols.events, declaration.name, 'event')
      assertPlainWord(declaration.name)
      symbols.events.set(declaration.name.text, {
        name: declaration.name.text,
        index: symbols.events.size,
        fields: resolveFields(symbols, declaration.fields),
      })
      return
    case 'refusal':
      assertUnique(symbols.refusals, declaration.code, 'refusal')
      if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(declaration.code.text)) {
        throw new Mistake(declaration.code.span, 'a refusal has a name in capitals', 'Write it like NOT_AUTHORIZED.')
      }
      symbols.refusals.set(declaration.code.text, declaration.meaning)
      return
    case 'constant':
      declareConstant(symbols, declaration)
      return
    case 'function':
    case 'filter':
    case 'view':
    case 'action':
    case 'genesis action':
      declareFunction(symbols, declaration)
      return
  }
}

function declareEnum(symbols: Symbols, { name, members }: Kind<'enum'>): void {
  assertUnique(symbols.types, name, 'type')
  assertFresh(symbols, name)
  assertDistinct(members, 'member')
  if (members.length === 0) throw new Mistake(name.span, 'an enum has members', 'Name at least one.')
  if (members.length > ENUM_MEMBERS_MAX) {
    throw new Mistake(name.span, `more than ${ENUM_MEMBERS_MAX} members`, 'Use codes for an open list.')
  }
  const qualified = `${symbols.contract}.${name.text}`
  symbols.types.set(name.text, { kind: 'enum', name: qualified, members: members.map((word) => word.text) })
}

function declareRecord(symbols: Symbols, { name, fields }: Kind<'record'>): void {
  assertUnique(symbols.types, name, 'type')
  assertFresh(symbols, name)
  if (fields.length === 0) throw new Mistake(name.span, 'a record has fields', 'Name at least one.')
  const qualified = `${symbols.contract}.${name.text}`
  const type: RecordType = { kind: 'record', name: qualified, fields: resolveFields(symbols, fields) }
  assertFits(type, name.span)
  symbols.types.set(name.text, type)
}

function resolveFields(symbols: Symbols, fields: readonly FieldSyntax[]): Field[] {
  assertDistinct(
    fields.map((field) => field.name),
    'field',
  )
  const beyond = fields[RECORD_FIELDS_MAX]
  if (beyond) throw new Mistake(beyond.name.span, `more than ${RECORD_FIELDS_MAX} fields`, 'Group some in a record.')
  return fields.map(({ name, type }) => ({ name: name.text, type: resolveType(symbols, type) }))
}

function declareState(symbols: Symbols, { name, key, value, table }: Kind<'state'>): void {
  assertUnique(symbols.states, name, 'state')
  assertFresh(symbols, name)
  const parts = (key ?? []).map((part, i) => {
    const type = resolveType(symbols, part.type)
    if (!isScalar(type)) {
      throw new Mistake(part.type.span, `${typeText(type)} is no part of a key`, 'Keys are made of scalars and enums.')
    }
    return { name: part.name?.text ?? (key?.length === 1 ? 'key' : `key${i + 1}`), type }
  })
  if (parts.length > 8) throw new Mistake(name.span, 'a key has at most 8 parts', 'Leave some out.')
  const type = resolveType(symbols, value)
  if (type.kind === 'optional') {
    throw new Mistake(
      value.span,
      'a state holds no optional value',
      'Leave the "?" away: what is not there reads none.',
    )
  }
  const types = parts.map((part) => part.type)
  if (table && !isTable(types, type)) {
    const advice = `Write: table ${name.text}: map<code, list<code, 8>>; the code may follow other parts of the key.`
    throw new Mistake(value.span, `a table maps a code to the codes that cover it, at most ${TABLE_WIDTH_MAX}`, advice)
  }
  const index = symbols.states.size
  symbols.states.set(name.text, { name: name.text, index, key: parts, single: key === null, value: type, table })
}

function declareConstant(symbols: Symbols, { name, type, value }: Kind<'constant'>): void {
  assertUnique(symbols.constants, name, 'constant')
  assertFresh(symbols, name)
  const body = new Body(symbols, null, check)
  const declared = type === null ? undefined : resolveType(symbols, type)
  const checked = declared === undefined ? body.check(value) : body.checkAs(value, declared)
  const cell = foldConstant(checked)
  if (cell === undefined) {
    const advice = 'Use numbers, durations, texts, lists, + - * and earlier constants; 2^53-1 is the limit.'
    throw new Mistake(value.span, 'this is not constant', advice)
  }
  symbols.constants.set(name.text, { type: checked.type, cell })
}

function declareFunction(symbols: Symbols, syntax: FunctionSyntax): void {
  const { name } = syntax
  assertUnique(symbols.functions, name, 'function, view or action')
  if (syntax.kind !== 'function') assertPlainWord(name)
  if (HOST_FUNCTIONS.has(name.text) || CONTEXT_WORDS.has(name.text) || symbols.types.has(name.text)) {
    throw new Mistake(name.span, `"${name.text}" has a meaning already`, 'Choose another name.')
  }
  const parameters = resolveFields(symbols, syntax.parameters)
  if (parameters.length > 32) throw new Mistake(name.span, 'more than 32 parameters', 'Group some in a record.')
  const returns = syntax.returns === null ? null : resolveType(symbols, syntax.returns)
  if ((syntax.kind === 'view' || syntax.kind === 'filter') && returns === null) {
    throw new Mistake(name.span, `a ${syntax.kind} returns something`, 'Add "returns TYPE" behind the parameters.')
  }
  symbols.functions.set(name.text, { syntax, parameters, returns })
}

/** Throws Mistake where the head is wrong; mistakes in statements are in the body that it returns. */
export function checkFunction(symbols: Symbols, syntax: FunctionSyntax): FunctionBody {
  const symbol = symbols.functions.get(syntax.name.text)
  const parameters = symbol?.parameters ?? []
  const body = new Body(symbols, symbol?.returns ?? null, check)
  for (const [i, parameter] of parameters.entries()) {
    body.declare((syntax.parameters[i] as FieldSyntax).name, parameter.type)
  }
  const block = checkBlock(body, syntax.body)
  if (block.completes && body.returns !== null && body.mistakes.length === 0) {
    const advice = `End it with "return" and a ${typeText(body.returns)}, or with "refuse".`
    throw new Mistake(syntax.body.end, `"${syntax.name.text}" can end without a result`, advice)
  }
  const checked: CheckedFunction = {
    kind: syntax.kind,
    name: syntax.name.text,
    parameters,
    returns: body.returns,
    reveals: revealedParameter(syntax, parameters),
    by: grantedTo(symbols, syntax),
    locals: body.locals,
    body: block,
  }
  return { checked, body }
}

function revealedParameter(syntax: FunctionSyntax, parameters: readonly Field[]): number | null {
  const { reveals } = syntax
  if (reveals === null) return null
  if (syntax.kind === 'function' || syntax.kind === 'filter') {
    throw new Mistake(reveals.span, `a ${syntax.kind} reveals nothing by itself`, 'Say it at the view or action.')
  }
  const index = parameters.findIndex((parameter) => parameter.name === reveals.text)
  if (parameters[index]?.type.kind === 'id') return index
  throw new Mistake(reveals.span, `"${reveals.text}" is no parameter of type id`, 'Name the parameter of the patient.')
}

/** The contract named stands behind this one, so nothing is known of it here but its name. */
function grantedTo(symbols: Symbols, { kind, by }: FunctionSyntax): string | null {
  if (by === null) return null
  assertPlainWord(by)
  if (kind !== 'action') {
    throw new Mistake(by.span, `a ${kind} is not for one contract`, 'Only an action is: leave "by" away.')
  }
  if (by.text === symbols.contract || symbols.uses.has(by.text)) {
    const advice = 'Name a contract that uses this one; within a contract share a function.'
    throw new Mistake(by.span, `"${by.text}" cannot call this action`, advice)
  }
  return by.text
}

function checkedContract(
  syntax: ContractSyntax,
  symbols: Symbols,
  functions: readonly CheckedFunction[],
): CheckedContract {
  return {
    name: syntax.name.text,
    version: syntax.version,
    uses: [...symbols.uses.keys()],
    states: [...symbols.states.values()],
    events: [...symbols.events.values()],
    refusals: [...symbols.refusals].map(([code, meaning]) => ({ code, meaning })),
    functions,
  }
}

function exportsOf(symbols: Symbols): ContractExports {
  const { contract, types } = symbols
  const views = new Map<string, EntrySymbol>()
  const granted = new Map<string, EntrySymbol & { by: string }>()
  const actions = new Map<string, EntrySymbol>()
  for (const [name, { syntax, parameters, returns }] of symbols.functions) {
    const { kind, by } = syntax
    if (kind === 'view' || kind === 'filter') views.set(name, { kind, contract, name, parameters, returns })
    if (kind === 'action' && by !== null) {
      granted.set(name, { kind, contract, name, parameters, returns, by: by.text })
    }
    if ((kind === 'action' && by === null) || kind === 'genesis action') {
      actions.set(name, { kind: 'action', contract, name, parameters, returns })
    }
  }
  return { name: contract, types, views, granted, actions, events: symbols.events }
}
