// Tests as written -> steps that a runner performs. Every expression becomes a view of a contract made for the test, so the
// real machine computes it; every call of an action becomes the name of the action and its arguments.

import { BOOL, DURATION, type Field, ID, type Type } from '../vm/type.ts'
import { attempting, Body, factsOf } from './body.ts'
import { check } from './check-expression.ts'
import type { Checked, CheckedFunction, EntrySymbol, EventSymbol } from './checked.ts'
import { Mistake, type Source, type Span } from './diagnostics.ts'
import { emitModule } from './emit-module.ts'
import { checkEffects, type FunctionBody, orderFunctions } from './function-order.ts'
import type { ExpectedRefusal, GivenSyntax, Step, TestFileSyntax, TestSyntax } from './parse-test.ts'
import { type ContractExports, lookUp, noSymbols, type Symbols } from './symbols.ts'
import type { CallExpression, Expression, Word } from './syntax.ts'
import { checkFunction, declare, declareUse } from './typecheck.ts'

/** The contract that a test's expressions are views of. */
export const TEST_CONTRACT = 'tests'

/** A view of the test's contract, and the variables that are its arguments. */
export interface Computation {
  readonly view: string
  readonly variables: readonly string[]
  readonly type: Type
}

export interface PlannedCall {
  readonly contract: string
  readonly method: string
  readonly arguments: readonly Computation[]
}

export type PlannedStep = { readonly span: Span; readonly source: Source } & (
  | { readonly kind: 'compute'; readonly name: string; readonly value: Computation }
  | { readonly kind: 'as'; readonly who: Computation }
  | { readonly kind: 'pass'; readonly time: Computation }
  /** `result`: the variable that holds what the action returns. */
  | { readonly kind: 'call'; readonly call: PlannedCall; readonly result: string | null }
  | { readonly kind: 'callRefused'; readonly call: PlannedCall; readonly refusal: ExpectedRefusal }
  /** `sides`: of a comparison, to show what was found. */
  | { readonly kind: 'expect'; readonly value: Computation; readonly sides: readonly Computation[] }
  | { readonly kind: 'expectRefused'; readonly value: Computation; readonly refusal: ExpectedRefusal }
  | {
      readonly kind: 'expectEvent'
      readonly contract: string
      readonly event: EventSymbol
      readonly fields: readonly { readonly name: string; readonly value: Computation }[]
    }
)

export interface TestPlan {
  readonly title: string
  readonly span: Span
  /** The module of the views. */
  readonly module: Uint8Array
  readonly steps: readonly PlannedStep[]
}

/** What is wrong with tests. */
export class Mistakes {
  readonly all: readonly Mistake[]
  constructor(all: readonly Mistake[]) {
    this.all = all
  }
}

/** Of the last file; those before share what they declare and give. */
export function checkTests(
  files: readonly TestFileSyntax[],
  exports: ReadonlyMap<string, ContractExports>,
): readonly TestPlan[] | Mistakes {
  const mistakes: Mistake[] = []
  const attempt = attempting((mistake) => {
    // What is given to many tests is checked for each of them, and said once.
    const isKnown = mistakes.some(({ message, span }) => message === mistake.message && span === mistake.span)
    if (!isKnown) mistakes.push(mistake)
  })

  const symbols = noSymbols(TEST_CONTRACT)
  for (const { source, uses } of files) {
    for (const use of uses) {
      if (!symbols.uses.has(use.text)) attempt(() => within(source, () => declareUse(symbols, use, exports)))
    }
  }
  const declarations = files.flatMap((each) => each.declarations.map((declaration) => ({ ...each, declaration })))
  for (const { source, declaration } of declarations) {
    attempt(() => within(source, () => declareForTests(symbols, declaration)))
  }
  if (mistakes.length > 0) return new Mistakes(mistakes)
  const helpers: FunctionBody[] = []
  for (const { source, declaration } of declarations) {
    if (declaration.kind !== 'function') continue
    const checked = attempt(() => within(source, () => checkFunction(symbols, declaration)))
    if (checked === undefined) continue
    for (const mistake of checked.body.mistakes) mistakes.push(Object.assign(mistake, { source }))
    helpers.push(checked)
  }
  const plans: TestPlan[] = []
  const givens = new Map(files.flatMap((each) => each.givens.map((given) => [given.name.text, given])))
  const file = files.at(-1) as TestFileSyntax
  for (const test of file.tests) {
    const plan = attempt(() => new Planner(symbols, helpers).plan(test, stepsOf(file.source, givens, test)))
    if (plan !== undefined) plans.push(plan)
  }
  return mistakes.length > 0 ? new Mistakes(mistakes) : plans
}

function declareForTests(symbols: Symbols, declaration: TestFileSyntax['declarations'][number]): void {
  const { kind } = declaration
  if (kind === 'function' || kind === 'constant' || kind === 'record' || kind === 'enum' || kind === 'refusal') {
    declare(symbols, declaration)
    return
  }
  const advice = 'Beside tests stand constants, enums, records, refusals and functions.'
  throw new Mistake(declaration.span, `tests declare no ${kind}`, advice)
}

/** What is given, from the first to the last, then the test's own steps. */
function stepsOf(source: Source, givens: ReadonlyMap<string, GivenSyntax>, test: TestSyntax): SourcedStep[] {
  const steps: SourcedStep[] = test.steps.map((step) => ({ step, source }))
  const seen: string[] = []
  for (let name = test.given; name !== null; ) {
    const wanted: Word = name
    if (seen.includes(wanted.text))
      throw new Mistake(wanted.span, `"${wanted.text}" is given by itself`, 'Break the circle.')
    seen.push(wanted.text)
    const given = lookUp(givens, wanted, 'given')
    steps.unshift(...given.steps.map((step) => ({ step, source: given.source })))
    name = given.given
  }
  return steps
}

interface SourcedStep {
  readonly step: Step
  readonly source: Source
}

/** A mistake in a file that tests share is shown there. */
function within<T>(source: Source, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof Mistake) error.source ??= source
    throw error
  }
}

/** Walks through the steps of one test: which variables there are, and the views that compute. */
class Planner {
  private readonly symbols: Symbols
  private readonly helpers: readonly FunctionBody[]
  private readonly variables = new Map<string, Type>()
  private readonly views: FunctionBody[] = []
  private isSigned = false

  constructor(symbols: Symbols, helpers: readonly FunctionBody[]) {
    this.symbols = symbols
    this.helpers = helpers
  }

  plan({ title, span }: TestSyntax, steps: readonly SourcedStep[]): TestPlan {
    const planned = steps.map(
      ({ step, source }): PlannedStep => ({ ...within(source, () => this.step(step)), span: step.span, source }),
    )
    const functions = [...this.helpers, ...this.views]
    checkEffects(functions)
    const module = emitModule({
      name: TEST_CONTRACT,
      version: 1,
      uses: [...this.symbols.uses.keys()],
      ...{ states: [], events: [] },
      refusals: [...this.symbols.refusals].map(([code, meaning]) => ({ code, meaning })),
      functions: orderFunctions(functions),
    })
    return { title, span, module, steps: planned }
  }

  private step(step: Step): WithoutSpan<PlannedStep> {
    switch (step.kind) {
      case 'let':
        return this.variable(step.name, step.value)
      case 'as':
        this.isSigned = true
        return { kind: 'as', who: this.compute(step.who, ID) }
      case 'pass':
        return { kind: 'pass', time: this.compute(step.time, DURATION) }
      case 'do': {
        const action = this.actionIn(step.call)
        if (action !== undefined) return { kind: 'call', call: this.call(action), result: null }
        throw new Mistake(
          step.span,
          'this is no step of a test',
          'A step is let, as, pass, expect, or calls an action.',
        )
      }
      case 'expect':
        return this.expectation(step.value)
      case 'expectRefusal': {
        const { refusal } = step
        const action = this.actionIn(step.value)
        if (action !== undefined) return { kind: 'callRefused', call: this.call(action), refusal }
        return { kind: 'expectRefused', value: this.compute(step.value), refusal }
      }
      case 'expectEvent': {
        const contract = lookUp(this.symbols.uses, step.contract, 'used contract')
        const event = lookUp(contract.events, step.event, `event of ${contract.name} called`)
        const typeByName = new Map(event.fields.map((field) => [field.name, field.type]))
        const fields = step.fields.map(({ name, value }) => ({
          name: name.text,
          value: this.compute(value, lookUp(typeByName, name, 'field of the event called')),
        }))
        return { kind: 'expectEvent', contract: contract.name, event, fields }
      }
    }
  }

  private variable(name: Word, value: Expression): WithoutSpan<PlannedStep> {
    if (this.variables.has(name.text)) {
      throw new Mistake(
        name.span,
        `"${name.text}" already names a variable`,
        'One name means one thing: choose another.',
      )
    }
    const action = this.actionIn(value)
    if (action === undefined) {
      const computed = this.compute(value)
      this.variables.set(name.text, computed.type)
      return { kind: 'compute', name: name.text, value: computed }
    }
    const { returns } = action.entry
    if (returns === null) throw new Mistake(value.span, `"${action.entry.name}" returns nothing`, 'Leave the let away.')
    const call = this.call(action)
    this.variables.set(name.text, returns)
    return { kind: 'call', call, result: name.text }
  }

  private expectation(value: Expression): WithoutSpan<PlannedStep> {
    const computed = this.compute(value, BOOL)
    if (value.kind !== 'binary') return { kind: 'expect', value: computed, sides: [] }
    const left = this.compute(value.left)
    return { kind: 'expect', value: computed, sides: [left, this.compute(value.right, left.type)] }
  }

  private actionIn(
    expression: Expression,
  ): { readonly entry: EntrySymbol; readonly syntax: CallExpression } | undefined {
    if (expression.kind !== 'call' || expression.target?.kind !== 'name') return undefined
    const entry = this.symbols.uses.get(expression.target.name.text)?.actions.get(expression.name.text)
    return entry && { entry, syntax: expression }
  }

  private call({ entry, syntax }: { readonly entry: EntrySymbol; readonly syntax: CallExpression }): PlannedCall {
    if (!this.isSigned) throw new Mistake(syntax.span, 'who signs this?', 'Put "as WHO" on a line before it.')
    const { parameters } = entry
    if (syntax.arguments.length !== parameters.length) {
      const found = `${syntax.arguments.length} given, ${parameters.length} expected`
      const expected = parameters.map(({ name }) => name).join(', ') || 'no arguments'
      throw new Mistake(syntax.span, `"${entry.name}" takes other arguments: ${found}`, `It takes ${expected}.`)
    }
    const computed = syntax.arguments.map(({ name, value }, i) => {
      const parameter = parameters[i] as Field
      if (name !== null && name.text !== parameter.name) {
        throw new Mistake(
          name.span,
          `this parameter is called "${parameter.name}"`,
          'Give the arguments in their order.',
        )
      }
      return this.compute(value, parameter.type)
    })
    return { contract: entry.contract, method: entry.name, arguments: computed }
  }

  private compute(expression: Expression, expected?: Type): Computation {
    const view = this.view(expression, expected)
    this.views.push(view)
    const { name, parameters, returns } = view.checked
    return { view: name, variables: parameters.map((parameter) => parameter.name), type: returns as Type }
  }

  /** A view whose parameters are the variables that the expression names. */
  private view(expression: Expression, expected: Type | undefined): FunctionBody {
    const body = new Body(this.symbols, null, check)
    const named = namesIn(expression)
    const parameters = [...this.variables].filter(([name]) => named.has(name)).map(([name, type]) => ({ name, type }))
    for (const { name, type } of parameters) body.declare({ text: name, span: expression.span }, type)
    const value = expected === undefined ? body.check(expression) : body.checkAs(expression, expected)
    if (expected === BOOL) this.learn(parameters, value)
    const checked: CheckedFunction = {
      ...{ kind: 'view', name: `step${this.views.length}`, parameters, returns: value.type },
      ...{ reveals: null, by: null, locals: body.locals },
      body: { statements: [{ kind: 'return', value }], completes: false },
    }
    return { checked, body }
  }

  /** What a test expects to be there is there in the steps behind. */
  private learn(parameters: readonly Field[], condition: Checked): void {
    for (const path of factsOf(condition, true)) {
      const variable = /^\d+$/.test(path) ? parameters[Number(path)] : undefined
      if (variable?.type.kind === 'optional') this.variables.set(variable.name, variable.type.value)
    }
  }
}

type WithoutSpan<T> = T extends unknown ? Omit<T, 'span' | 'source'> : never

/** Every word that stands where a value may. */
function namesIn(node: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const each of node) namesIn(each, found)
  else if (typeof node === 'object' && node !== null) {
    const { kind, name } = node as { readonly kind?: unknown; readonly name?: Word }
    if (kind === 'name' && name !== undefined) found.add(name.text)
    for (const part of Object.values(node)) namesIn(part, found)
  }
  return found
}
