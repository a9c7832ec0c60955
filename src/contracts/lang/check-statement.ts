// Statements: what each does, whether control goes on behind it, and what is known there. A mistake in one statement is
// noted and the next one is checked, so that one run shows them all.

import { OP } from '../vm/instruction.ts'
import { BOOL, type EnumType, INT, type Type, typeText } from '../vm/type.ts'
import { RANGE_MAX } from '../vm/verify.ts'
import { type Body, type Facts, FollowUp, factsOf } from './body.ts'
import { constant, operation } from './build.ts'
import { checkCallStatement, checkFields } from './check-call.ts'
import { checkCondition, checkKeys, checkListOperand } from './check-expression.ts'
import type { Checked, CheckedBlock, CheckedStatement, Local, StateSymbol } from './checked.ts'
import { didYouMean, Mistake } from './diagnostics.ts'
import { resolveRefusal } from './refusals.ts'
import { resolveBound, resolveType } from './resolve-type.ts'
import { lookUp, memberOf } from './symbols.ts'
import type { Block, ForEntries, Statement } from './syntax.ts'

type Kind<K extends Statement['kind']> = Extract<Statement, { kind: K }>

/** Facts that hold behind a statement stay in body.facts; they are those of all ways that lead there. */
export function checkBlock(body: Body, block: Block): CheckedBlock {
  return body.scoped(() => {
    const statements: CheckedStatement[] = []
    let completes = true
    for (const syntax of block.statements) {
      if (!completes) {
        body.mistakes.push(
          new Mistake(syntax.span, 'this is never reached', 'Remove it, or what ends the block before.'),
        )
        break
      }
      try {
        const checked = checkStatement(body, syntax)
        statements.push(checked)
        completes = doesComplete(checked)
      } catch (error) {
        if (!(error instanceof Mistake)) throw error
        if (!(error instanceof FollowUp)) body.mistakes.push(error)
        if (syntax.kind === 'variable') body.declarePoisoned(syntax.name)
        // A broken return still ends its block: what follows from it is not reported.
        if (syntax.kind === 'return' || syntax.kind === 'refuse') completes = false
      }
    }
    return { statements, completes }
  })
}

function doesComplete(statement: CheckedStatement): boolean {
  switch (statement.kind) {
    case 'return':
    case 'refuse':
    case 'break':
    case 'continue':
      return false
    case 'if':
      return statement.otherwise === null || anyCompletes(statement.branches, statement.otherwise)
    case 'match':
      return anyCompletes(statement.cases, statement.otherwise)
    default:
      return true
  }
}

function anyCompletes(branches: readonly { readonly body: CheckedBlock }[], otherwise: CheckedBlock): boolean {
  return otherwise.completes || branches.some((branch) => branch.body.completes)
}

function checkStatement(body: Body, syntax: Statement): CheckedStatement {
  switch (syntax.kind) {
    case 'variable':
      return checkVariable(body, syntax)
    case 'assign':
      return checkAssign(body, syntax)
    case 'delete': {
      const state = lookUp(body.symbols.states, syntax.name, 'state')
      body.writes ??= syntax.span
      return { kind: 'delete', state: state.index, keys: checkKeys(body, state, syntax.keys, syntax.span) }
    }
    case 'if':
      return checkIf(body, syntax)
    case 'forList': {
      const list = checkListOperand(body, syntax.list)
      return inLoop(body, () => {
        const variable = body.declare(syntax.variable, list.type.item)
        return { kind: 'forList', variable, list, body: checkBlock(body, syntax.body) }
      })
    }
    case 'forRange':
      return checkForRange(body, syntax)
    case 'forEntries':
      return checkForEntries(body, syntax)
    case 'match':
      return checkMatch(body, syntax)
    case 'require': {
      const condition = checkCondition(body, syntax.condition)
      body.facts = new Set([...body.facts, ...factsOf(condition, true)])
      return { kind: 'require', condition, refusal: resolveRefusal(body.symbols, syntax.refusal) }
    }
    case 'refuse':
      return { kind: 'refuse', refusal: resolveRefusal(body.symbols, syntax.refusal) }
    case 'emit': {
      const event = lookUp(body.symbols.events, syntax.event, 'event')
      body.writes ??= syntax.span
      return {
        kind: 'emit',
        event: event.index,
        fields: checkFields(body, event, { given: syntax.fields, span: syntax.span }),
      }
    }
    case 'return':
      return checkReturn(body, syntax)
    case 'break':
    case 'continue':
      if (body.loopDepth === 0) throw new Mistake(syntax.span, `"${syntax.kind}" stands in no loop`, 'Remove it.')
      return { kind: syntax.kind }
    case 'call':
      return { kind: 'call', ...checkCallStatement(body, syntax.call) }
  }
}

function checkVariable(body: Body, syntax: Kind<'variable'>): CheckedStatement {
  const declared = syntax.type === null ? undefined : resolveType(body.symbols, syntax.type)
  const value = declared === undefined ? body.check(syntax.value) : body.checkAs(syntax.value, declared)
  return { kind: 'set', local: body.declare(syntax.name, value.type, syntax.changeable), value }
}

function checkAssign(body: Body, syntax: Kind<'assign'>): CheckedStatement {
  const { name, keys } = syntax
  const local = body.find(name.text)
  if (local === null) throw new FollowUp(name.span)
  if (local !== undefined) {
    if (keys !== null) {
      const advice = `Write: ${name.text} = ${name.text}.replace(POSITION, VALUE).`
      throw new Mistake(syntax.span, 'an element of a list is not assigned', advice)
    }
    if (!local.changeable) {
      throw new Mistake(name.span, `"${name.text}" does not change`, 'Declare it with var where it must change.')
    }
    return { kind: 'set', local, value: body.checkAs(syntax.value, local.type) }
  }
  const state = body.symbols.states.get(name.text)
  if (state === undefined) {
    const names = [...body.visibleNames(), ...body.symbols.states.keys()]
    const advice = `Declare it with var, or as a state.${didYouMean(name.text, names)}`
    throw new Mistake(name.span, `there is no variable or state "${name.text}"`, advice)
  }
  body.writes ??= syntax.span
  const checkedKeys = checkPlaceKeys(body, state, syntax)
  return { kind: 'put', state: state.index, keys: checkedKeys, value: body.checkAs(syntax.value, state.value) }
}

function checkPlaceKeys(body: Body, state: StateSymbol, syntax: Kind<'assign'>): Checked[] {
  if (syntax.keys !== null) return checkKeys(body, state, syntax.keys, syntax.name.span)
  if (state.single) return []
  const parts = state.key.map((part) => part.name).join(', ')
  throw new Mistake(syntax.name.span, `"${state.name}" is a map`, `Assign an entry: ${state.name}[${parts}] = ...`)
}

/** Facts behind several ways: those that every way that goes on has. */
class Junction {
  private common: Facts | null = null

  arrive(facts: Facts): void {
    const { common } = this
    this.common = common === null ? facts : new Set([...common].filter((fact) => facts.has(fact)))
  }

  /** Nobody arrived: nothing can be reached, so anything may be said. */
  leave(before: Facts): Facts {
    return this.common ?? before
  }
}

/** A block under facts of its own; its facts at the end go to the junction when it completes. */
function checkBranch(body: Body, block: Block, way: { facts: Facts; junction: Junction }): CheckedBlock {
  const before = body.facts
  body.facts = way.facts
  const checked = checkBlock(body, block)
  if (checked.completes) way.junction.arrive(body.facts)
  body.facts = before
  return checked
}

function checkIf(body: Body, syntax: Kind<'if'>): CheckedStatement {
  const before = body.facts
  const junction = new Junction()
  const branches = syntax.branches.map(({ condition: conditionSyntax, body: block }) => {
    const condition = checkCondition(body, conditionSyntax)
    const facts = new Set([...body.facts, ...factsOf(condition, true)])
    const checked = checkBranch(body, block, { facts, junction })
    body.facts = new Set([...body.facts, ...factsOf(condition, false)])
    return { condition, body: checked }
  })
  const otherwise = syntax.otherwise && checkBranch(body, syntax.otherwise, { facts: body.facts, junction })
  if (otherwise === null) junction.arrive(body.facts)
  body.facts = junction.leave(before)
  return { kind: 'if', branches, otherwise }
}

/** What is found out inside a loop does not hold behind it: it may not have run. */
function inLoop(body: Body, checkLoop: () => CheckedStatement): CheckedStatement {
  body.loopDepth++
  try {
    return body.assuming([], () => body.scoped(checkLoop))
  } finally {
    body.loopDepth--
  }
}

function checkForRange(body: Body, syntax: Kind<'forRange'>): CheckedStatement {
  const from = body.checkAs(syntax.from, INT)
  const to = body.checkAs(syntax.to, INT)
  const max = maxOfRange(body, syntax, { from, to })
  return inLoop(body, () => {
    const variable = body.declare(syntax.variable, INT)
    return { kind: 'forRange', variable, from, to, max, body: checkBlock(body, syntax.body) }
  })
}

function maxOfRange(body: Body, syntax: Kind<'forRange'>, bounds: { from: Checked; to: Checked }): number {
  const { from, to } = bounds
  const span = syntax.max?.span ?? syntax.span
  const max =
    syntax.max !== null
      ? resolveBound(body.symbols, syntax.max)
      : from.kind === 'constant' && to.kind === 'constant'
        ? (to.cell as number) - (from.cell as number)
        : undefined
  if (max === undefined) {
    throw new Mistake(syntax.span, 'how often at most?', 'Bounds that are not constant need "max N" behind them.')
  }
  return checkedMax(max, span)
}

function checkedMax(max: number, span: Mistake['span']): number {
  if (max >= 1 && max <= RANGE_MAX) return max
  throw new Mistake(span, `a loop runs at least once and at most ${RANGE_MAX} times`, 'Choose another bound.')
}

function checkForEntries(body: Body, syntax: ForEntries): CheckedStatement {
  const state = lookUp(body.symbols.states, syntax.state, 'state')
  if (state.single) throw new Mistake(syntax.state.span, `"${state.name}" is a single value`, 'Only a map has entries.')
  const behind = state.key.slice(syntax.prefix.length)
  if (syntax.keys.length !== behind.length || behind.length === 0) {
    const names = state.key.map((part) => part.name).join(', ')
    const advice = `The key of "${state.name}" is (${names}): every part stands either in the prefix or in the loop.`
    throw new Mistake(syntax.span, `${behind.length} parts of the key are left for the loop`, advice)
  }
  body.noteRead(state, syntax.state.span)
  const prefix = syntax.prefix.map((part, i) => body.checkAs(part, (state.key[i] as { type: Type }).type))
  const start = (syntax.start?.keys ?? []).map((part, i) => {
    const type = behind[i]?.type
    if (type === undefined) throw new Mistake(part.span, 'the key has no more parts', `It has ${behind.length} here.`)
    return body.checkAs(part, { kind: 'optional', value: type })
  })
  if (syntax.start !== null && start.length === 0) {
    throw new Mistake(syntax.start.span, 'starts at nothing', 'Name a part of the key, or leave it away.')
  }
  const range = {
    state: state.index,
    prefix: prefix.length,
    start: start.length,
    after: syntax.start?.kind === 'after',
    max: checkedMax(resolveBound(body.symbols, syntax.limit.bound), syntax.limit.bound.span),
    strict: syntax.limit.kind === 'max',
    values: syntax.value !== null,
  }
  return inLoop(body, () => {
    const variables: Local[] = behind.map((part, i) => body.declare(syntax.keys[i] as ForEntries['keys'][0], part.type))
    if (syntax.value !== null) variables.push(body.declare(syntax.value, state.value))
    return {
      kind: 'forEntries',
      range,
      operands: [...prefix, ...start],
      variables,
      body: checkBlock(body, syntax.body),
    }
  })
}

/** A match tests the members in order; the last case needs no test when all members are named. */
function checkMatch(body: Body, syntax: Kind<'match'>): CheckedStatement {
  const value = body.check(syntax.value)
  const { type } = value
  if (type.kind !== 'enum') {
    throw new Mistake(syntax.value.span, `expected an enum, found ${typeText(type)}`, 'Use if for other types.')
  }
  const local = body.hidden('match', type)
  const subject: Checked = { kind: 'local', local, type }
  const named = new Set<number>()
  const before = body.facts
  const junction = new Junction()
  const cases = syntax.cases.map(({ members, body: block }) => {
    const positions = members.map((word) => {
      const position = memberOf(type, word)
      if (named.has(position)) throw new Mistake(word.span, `"${word.text}" has a case already`, 'Remove one of them.')
      named.add(position)
      return position
    })
    const condition = isOneOf(subject, type, positions)
    return { condition, body: checkBranch(body, block, { facts: before, junction }) }
  })
  const complete = named.size === type.members.length
  if (complete === (syntax.otherwise !== null)) throw incompleteMatch(syntax, type, named)
  const otherwise =
    syntax.otherwise === null ? cases.pop()?.body : checkBranch(body, syntax.otherwise, { facts: before, junction })
  body.facts = junction.leave(before)
  return { kind: 'match', local, value, cases, otherwise: otherwise ?? { statements: [], completes: true } }
}

function incompleteMatch(syntax: Kind<'match'>, type: EnumType, named: ReadonlySet<number>): Mistake {
  const missing = type.members.filter((_, position) => !named.has(position))
  if (missing.length === 0) {
    return new Mistake(syntax.span, 'every member has a case already', 'Remove "otherwise": it is never reached.')
  }
  return new Mistake(syntax.span, `no case for ${missing.join(', ')}`, 'Name every member, or end with "otherwise".')
}

function isOneOf(subject: Checked, type: EnumType, positions: readonly number[]): Checked {
  const tests = positions.map((position) => operation(OP.EQUAL, [subject, constant(type, position)], { type: BOOL }))
  return tests.reduce((left, right) => ({ kind: 'logical', operator: 'or', left, right, type: BOOL }))
}

function checkReturn(body: Body, syntax: Kind<'return'>): CheckedStatement {
  const { returns } = body
  if (syntax.value === null) {
    if (returns === null) return { kind: 'return', value: null }
    throw new Mistake(syntax.span, `expected a ${typeText(returns)} to return`, `Write: return VALUE.`)
  }
  if (returns === null) {
    throw new Mistake(syntax.value.span, 'this returns nothing', 'Add "returns TYPE" to the head, or leave it away.')
  }
  return { kind: 'return', value: body.checkAs(syntax.value, returns) }
}
