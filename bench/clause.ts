// The machine of the contracts by itself, in one process and without a network: simple instructions, and the decision that
// every access request needs, over ten consents with three exceptions each, its state in memory.

import { argumentsFromJson } from '../src/contracts/abi.ts'
import {
  Consortium,
  deny,
  hospitalB,
  nurse,
  permit,
  physician,
  requestFields,
  toInstitution,
  toPerson,
} from '../src/contracts/builtin/consortium.test-support.ts'
import { Sample } from '../src/contracts/clause.test-support.ts'
import { queryView } from '../src/contracts/execute.ts'
import { TRANSACTION_GAS_MAX } from '../src/types/limits.ts'
import type { Question } from './harness/question.ts'

const CONSENTS = 10

/** Every instruction of the loop has the price 1 or 2, so its gas is nearly the number of instructions. */
const LOOP = `view loop() returns int {
  var sum = 0
  for i in 0..1000 {
    for j in 0..100 {
      sum = if i + j > 500 and i != j then sum + 1 else sum - 1
    }
  }
  return sum
}`

export const clause: Question = {
  name: 'clause',
  question: 'How many simple instructions a second do contracts run, and how long does a decision take?',
  async run({ seconds, onProgress }) {
    onProgress('simple instructions')
    const sample = new Sample(LOOP)
    let gas = 0
    const simple = repeat(seconds / 2, () => {
      gas = sample.query('loop').gas
    })
    onProgress('decisions')
    const decision = repeat(seconds / 2, decider())
    return {
      setup: `one process; a loop of ${gas} gas; access.decide over ${CONSENTS} consents with 3 exceptions each, answered with a permit, its state in memory`,
      figures: {
        simpleInstructionsPerSecond: Math.round((gas / at(simple, 0.5)) * 1_000),
        decisionMicroseconds: microseconds(decision),
        decisions: decision.length,
      },
      series: [],
    }
  },
}

/** Milliseconds of each run, ascending; the first fifth, in which the engine still compiles, is left away. */
function repeat(seconds: number, action: () => void): readonly number[] {
  const took: number[] = []
  const end = performance.now() + seconds * 1_000
  for (let start = performance.now(); start < end || took.length < 10; start = performance.now()) {
    action()
    took.push(performance.now() - start)
  }
  return took.slice(Math.floor(took.length / 5)).sort((a, b) => a - b)
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(sorted.length * share)] as number

function microseconds(sorted: readonly number[]): { readonly [name: string]: number } {
  const round = (ms: number) => Math.round(ms * 10_000) / 10
  return { p50: round(at(sorted, 0.5)), p95: round(at(sorted, 0.95)), p99: round(at(sorted, 0.99)) }
}

function decider(): () => void {
  const consortium = new Consortium()
  const clauses = [
    permit(),
    deny({ recipients: [toPerson(nurse)] }),
    permit({ recipients: [toInstitution(hospitalB)], purposes: ['HRESCH'] }),
    deny({ purposes: ['HMARKT'] }),
  ]
  for (let i = 0; i < CONSENTS; i++) consortium.consent(`consent ${i}`, { clauses })
  const { contracts, state, nowMs, height, epoch } = consortium
  const fields = { submitter: physician, ...requestFields() }
  const call = {
    contract: 'access',
    method: 'decide',
    args: argumentsFromJson(consortium.abi('access'), 'decide', fields),
  }
  const environment = { context: { timeMs: nowMs, height, epoch }, state, gasLimit: TRANSACTION_GAS_MAX }
  return () => {
    const outcome = queryView(contracts, call, environment)
    if (outcome.status !== 'ok') throw new Error(`the decision was refused: ${outcome.code}`)
  }
}
