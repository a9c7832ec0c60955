// Runs tests written in Clause: real contracts, the real machine, state in memory. A test starts before block 0, where
// genesis actions may be called; `pass` makes the next block. The same tests give the same results everywhere.

import { sha256Hex } from '../crypto/hash.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { encodeValue, type Value } from '../types/canonical-value.ts'
import { TRANSACTION_GAS_MAX } from '../types/limits.ts'
import type { ContractEvent } from '../types/receipt.ts'
import { valueToJson } from './abi.ts'
import { type CallOutcome, ContractSet, executeCall, queryView } from './execute.ts'
import {
  type Computation,
  checkTests,
  Mistakes,
  type PlannedCall,
  type PlannedStep,
  TEST_CONTRACT,
  type TestPlan,
} from './lang/check-test.ts'
import type { Compilation } from './lang/compile.ts'
import { CompileError, type Diagnostic, diagnose, Mistake, type Source } from './lang/diagnostics.ts'
import { parseTests, type TestFileSyntax } from './lang/parse-test.ts'
import { MemoryState } from './memory-state.ts'
import { linkProgram } from './vm/link.ts'
import { verifyModule } from './vm/verify.ts'

/** When every test begins: Monday, 5 January 2026, 08:00 UTC. */
const START_MS = 1_767_600_000_000

export interface TestResult {
  readonly title: string
  readonly line: number
  /** The step that did not do what was expected; null: the test passed. */
  readonly failure: Diagnostic | null
}

/** A file of tests, before it the one that it takes declarations and givens from. */
export type TestFiles = readonly TestFileSyntax[]

/** `find` finds the file that another one is `with`. Throws CompileError where one is not written right. */
export function readTests(source: Source, find: (name: string) => Source | undefined): TestFiles {
  const file = parsed(source)
  if (file.shared === null) return [file]
  const { text, span } = file.shared
  const shared = find(text)
  if (shared !== undefined) return [parsed(shared), file]
  const mistake = new Mistake(span, `there is no file ${text}.test.clause`, 'It stands beside the file that uses it.')
  throw new CompileError([diagnose(source, mistake)])
}

function parsed(source: Source): TestFileSyntax {
  try {
    return parseTests(source)
  } catch (error) {
    if (!(error instanceof Mistake)) throw error
    throw new CompileError([diagnose(source, error)])
  }
}

/** The contracts that the tests use, which have to be compiled for them. */
export function contractsUsedBy(files: TestFiles): readonly string[] {
  return files.flatMap((file) => file.uses.map(({ text }) => text))
}

/** The tests of the last file. Throws CompileError where they are not written right. */
export function runTests(files: TestFiles, compilation: Compilation): readonly TestResult[] {
  const { source } = files.at(-1) as TestFileSyntax
  const plans = checkTests(files, compilation.exports)
  if (plans instanceof Mistakes) throw new CompileError(plans.all.map((mistake) => diagnose(source, mistake)))
  return plans.map((plan) => {
    const { line } = diagnose(source, new Mistake(plan.span, '', ''))
    const mistake = new TestRun(plan, compilation).run()
    return { title: plan.title, line, failure: mistake && diagnose(source, mistake) }
  })
}

/** A step that did not do what was expected. */
class Failure extends Error {}

class TestRun {
  private readonly plan: TestPlan
  private readonly contracts: ContractSet
  private readonly state = new MemoryState()
  private readonly variables = new Map<string, Value>()
  private sender = '' as IdentityId
  private timeMs = START_MS
  private height = 0
  private transactions = 0
  private events: readonly ContractEvent[] = []

  constructor(plan: TestPlan, { loaded }: Compilation) {
    this.plan = plan
    const views = linkProgram(verifyModule(plan.module), loaded)
    this.contracts = new ContractSet([...loaded.values(), views].map(({ program }) => program))
  }

  run(): Mistake | null {
    for (const step of this.plan.steps) {
      try {
        this.perform(step)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        const mistake = new Mistake(step.span, error.message, `In the test "${this.plan.title}".`)
        mistake.source = step.source
        return mistake
      }
    }
    return null
  }

  private perform(step: PlannedStep): void {
    switch (step.kind) {
      case 'compute':
        this.variables.set(step.name, this.value(step.value))
        return
      case 'as':
        this.sender = (this.value(step.who) as Uint8Array).toHex() as IdentityId
        return
      case 'pass':
        this.timeMs += this.value(step.time) as number
        this.height++
        return
      case 'call': {
        const outcome = this.call(step.call)
        if (outcome.status === 'refused') throw new Failure(`this was refused: ${describe(outcome)}`)
        if (step.result !== null) this.variables.set(step.result, outcome.value)
        return
      }
      case 'callRefused':
        assertRefused(this.call(step.call), step.refusal)
        return
      case 'expect':
        if (this.value(step.value) !== true) throw new Failure(this.found(step.sides))
        return
      case 'expectRefused':
        assertRefused(this.compute(step.value), step.refusal)
        return
      case 'expectEvent':
        this.expectEvent(step)
        return
    }
  }

  private call({ contract, method, arguments: args }: PlannedCall): CallOutcome {
    const context = {
      sender: this.sender,
      timeMs: this.timeMs,
      height: this.height,
      epoch: 0,
      transactionId: sha256Hex(encodeValue(this.transactions++)) as Hash,
      callIndex: 0,
      genesis: this.height === 0,
    }
    const call = { contract, method, args: args.map((each) => this.value(each)) }
    const outcome = this.state.tentatively(
      () => executeCall(this.contracts, call, { context, state: this.state, gasLimit: TRANSACTION_GAS_MAX }),
      ({ status }) => status === 'ok',
    )
    this.events = outcome.status === 'ok' ? outcome.events : []
    return outcome
  }

  private compute({ view, variables }: Computation): CallOutcome {
    const args = variables.map((name) => this.variables.get(name) as Value)
    const context = { timeMs: this.timeMs, height: this.height, epoch: 0 }
    const environment = { context, state: this.state, gasLimit: TRANSACTION_GAS_MAX }
    return queryView(this.contracts, { contract: TEST_CONTRACT, method: view, args }, environment)
  }

  private value(computation: Computation): Value {
    const outcome = this.compute(computation)
    if (outcome.status === 'ok') return outcome.value
    throw new Failure(`this was refused: ${describe(outcome)}`)
  }

  private found(sides: readonly Computation[]): string {
    if (sides.length === 0) return 'this does not hold'
    const [left, right] = sides.map((side) => text(side, this.value(side)))
    return `this does not hold: on the left ${left}, on the right ${right}`
  }

  private expectEvent({ contract, event, fields }: PlannedStep & { kind: 'expectEvent' }): void {
    const expected = fields.map(({ name, value }) => ({ name, bytes: encodeValue(this.value(value)).toHex() }))
    const isThere = this.events.some(
      (emitted) =>
        emitted.contract === contract &&
        emitted.name === event.name &&
        expected.every(({ name, bytes }) => encodeValue(fieldOf(emitted, name)).toHex() === bytes),
    )
    if (isThere) return
    const names = this.events.map((emitted) => `${emitted.contract}.${emitted.name}`).join(', ') || 'nothing'
    throw new Failure(`the last call emitted no such event, but ${names}`)
  }
}

function fieldOf({ fields }: ContractEvent, name: string): Value {
  return (fields as { readonly [field: string]: Value })[name] as Value
}

function assertRefused(
  outcome: CallOutcome,
  { code, about }: { code: { text: string }; about: { text: string } | null },
) {
  if (outcome.status === 'ok') throw new Failure('this was not refused')
  const isExpected = outcome.code === code.text && (about === null || outcome.detail === about.text)
  if (!isExpected) throw new Failure(`this was refused with ${describe(outcome)}`)
}

function describe({ code, detail }: CallOutcome & { status: 'refused' }): string {
  return detail === undefined ? code : `${code} about ${detail}`
}

const SHOWN_LENGTH = 200

function text({ type }: Computation, value: Value): string {
  const json = JSON.stringify(valueToJson(type, value))
  return json.length <= SHOWN_LENGTH ? json : `${json.slice(0, SHOWN_LENGTH)}...`
}
