// What the checker knows while it walks through the body of one function: variables in sight, which optional values are
// known to be there, and what the function does that callers must know.

import { OP } from '../vm/instruction.ts'
import type { Type } from '../vm/type.ts'
import { expectType, unwrap } from './build.ts'
import type { Checked, Local, StateSymbol } from './checked.ts'
import { Mistake, type Span } from './diagnostics.ts'
import { assertFresh, type Symbols } from './symbols.ts'
import type { Expression, Word } from './syntax.ts'

/** A mistake that follows from one already reported: never shown. */
export class FollowUp extends Mistake {
  constructor(span: Span) {
    super(span, 'follows from an earlier mistake', '')
  }
}

/** Parts of a check, one by one: a mistake in one of them is noted, and the next may follow. */
export function attempting(note: (mistake: Mistake) => void): <T>(action: () => T) => T | undefined {
  return (action) => {
    try {
      return action()
    } catch (error) {
      if (!(error instanceof Mistake)) throw error
      if (!(error instanceof FollowUp)) note(error)
      return undefined
    }
  }
}

/** Paths, such as `3.validTo`, whose optional value is known to be some. Only of what cannot change. */
export type Facts = ReadonlySet<string>

/** check() of check-expression.ts, handed in because the files it calls need it, too. */
export type ExpressionChecker = (body: Body, syntax: Expression, expected?: Type) => Checked

export class Body {
  readonly symbols: Symbols
  readonly returns: Type | null
  readonly locals: Local[] = []
  readonly mistakes: Mistake[] = []
  /** Functions called, with one place each. */
  readonly calls = new Map<string, Span>()
  writes: Span | null = null
  readsTransaction: Span | null = null
  readsChain: Span | null = null
  facts: Facts = new Set()
  loopDepth = 0
  private scopes: Map<string, Local | null>[] = [new Map()]

  private readonly checker: ExpressionChecker

  constructor(symbols: Symbols, returns: Type | null, checker: ExpressionChecker) {
    this.symbols = symbols
    this.returns = returns
    this.checker = checker
  }

  check(syntax: Expression, expected?: Type): Checked {
    return this.checker(this, syntax, expected)
  }

  checkAs(syntax: Expression, type: Type): Checked {
    return expectType(this.check(syntax, type), type, syntax.span)
  }

  /** A table is the same for everybody: reading one is no effect. */
  noteRead(state: StateSymbol, span: Span): void {
    if (!state.table) this.readsChain ??= span
  }

  /** `null`: the variable exists, but its type could not be found out. */
  find(name: string): Local | null | undefined {
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const found = this.scopes[i]?.get(name)
      if (found !== undefined) return found
    }
    return undefined
  }

  *visibleNames(): Iterable<string> {
    for (const scope of this.scopes) yield* scope.keys()
  }

  declare(word: Word, type: Type, changeable = false): Local {
    this.assertUnused(word)
    const local = this.hidden(word.text, type, changeable)
    this.scopes.at(-1)?.set(word.text, local)
    return local
  }

  declarePoisoned(word: Word): void {
    this.scopes.at(-1)?.set(word.text, null)
  }

  /** A place for the compiler's own use. */
  hidden(name: string, type: Type, changeable = false): Local {
    const local = { name, type, index: this.locals.length, changeable }
    this.locals.push(local)
    return local
  }

  private assertUnused(word: Word): void {
    assertFresh(this.symbols, word)
    if (this.find(word.text) !== undefined) {
      throw new Mistake(
        word.span,
        `"${word.text}" already names a variable`,
        'One name means one thing: choose another.',
      )
    }
  }

  scoped<T>(check: () => T): T {
    this.scopes.push(new Map())
    try {
      return check()
    } finally {
      this.scopes.pop()
    }
  }

  /** Checks something under additional facts. */
  assuming<T>(facts: Iterable<string>, check: () => T): T {
    const before = this.facts
    this.facts = new Set([...before, ...facts])
    try {
      return check()
    } finally {
      this.facts = before
    }
  }

  /** The value without its option, where it is known to be there. */
  narrowed(value: Checked): Checked {
    const path = pathOf(value)
    if (value.type.kind !== 'optional' || path === undefined || !this.facts.has(path)) return value
    return unwrap(value)
  }
}

/** What stands for itself as long as the function runs: an unchangeable local, or a field of one. */
export function pathOf(value: Checked): string | undefined {
  if (value.kind === 'local') return value.local.changeable ? undefined : String(value.local.index)
  if (value.kind !== 'operation') return undefined
  const target = value.operands[0]
  if (target === undefined) return undefined
  if (value.op === OP.UNWRAP) return pathOf(target)
  if (value.op !== OP.FIELD) return undefined
  const path = pathOf(target)
  return path === undefined ? undefined : `${path}.${String(value.a)}`
}

/** What is known to be some when `condition` holds, or when it does not. */
export function factsOf(condition: Checked, holds: boolean): string[] {
  if (condition.kind === 'logical') {
    // `a and b` holds: both hold. `a or b` does not: neither does. Otherwise one of them, nobody knows which.
    const both = (condition.operator === 'and') === holds
    return both ? [...factsOf(condition.left, holds), ...factsOf(condition.right, holds)] : []
  }
  if (condition.kind !== 'operation') return []
  const operand = condition.operands[0]
  if (operand === undefined) return []
  if (condition.op === OP.NOT) return factsOf(operand, !holds)
  const provesSome = condition.op === (holds ? OP.IS_SOME : OP.IS_NONE)
  const path = provesSome ? pathOf(operand) : undefined
  return path === undefined ? [] : [path]
}
