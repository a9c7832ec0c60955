import { describe, expect, it } from 'vitest'
import { judge, type Operation } from '../support/linearizability.ts'
import { consentValue, type Input, modelOf, type Output, outputOf } from './registers.ts'

const model = modelOf(consentValue(true))
const key = 'c'
let clockMs = 0
/** One after the other. */
const did = (input: Input, output: Output | null): Operation<Input, Output> => {
  const startMs = clockMs++
  return { input, output, startMs, endMs: clockMs++ }
}
const update = (replaces: number, permits: boolean): Input => ({ kind: 'updateConsent', key, replaces, permits })
const request: Input = { kind: 'requestAccess', key }
const set = (...members: string[]): Input => ({ kind: 'setGroup', key, members })
const version = (version: number): Output => ({ kind: 'version', version })
const decision = (version: number, permits: boolean): Output => ({ kind: 'decision', version, permits })
const isFine = (...history: Operation<Input, Output>[]): boolean => judge(history, model).linearizable

describe('a consent as a register', () => {
  it('decisions follow the version that stands', () => {
    const first = did(request, decision(1, true))
    expect(isFine(first, did(update(1, false), version(2)), did(request, decision(2, false)))).toBe(true)
  })

  it('a permit after an acknowledged refusal is found out', () => {
    expect(isFine(did(update(1, false), version(2)), did(request, decision(1, true)))).toBe(false)
  })

  it('a lost update is found out', () => {
    expect(isFine(did(update(1, false), version(2)), did(update(1, true), version(2)))).toBe(false)
  })

  it('a conflict where the named version stands is found out', () => {
    expect(isFine(did(update(1, false), { kind: 'conflict' }))).toBe(false)
    expect(isFine(did(update(1, false), null), did(update(1, true), { kind: 'conflict' }))).toBe(true)
  })
})

describe('a group as a register', () => {
  const groups = modelOf('')

  it('every change has the next version', () => {
    const [one, two] = [did(set('x'), version(2)), did(set('y'), version(3))]
    expect(judge([one, two], groups).linearizable).toBe(true)
    expect(judge([one, did(set('y'), version(2))], groups).linearizable).toBe(false)
    expect(judge([one, did(set('y'), version(4))], groups).linearizable).toBe(false)
  })

  it('a read has the members of its version', () => {
    const changed = did(set('y', 'x'), version(2))
    const read = (...members: string[]) => did({ kind: 'readGroup', key }, { kind: 'group', version: 2, members })
    expect(judge([changed, read('x', 'y')], groups).linearizable).toBe(true)
    expect(judge([changed, read('x')], groups).linearizable).toBe(false)
  })
})

describe('outputOf()', () => {
  it('reads a decision from the clause that it used', () => {
    const value = { outcome: 'DENY', clauses: [{ version: 7, type: 'deny' }] }
    expect(outputOf(request, { status: 'ok', code: 'OK', value })).toEqual(decision(7, false))
  })

  it('refuses an answer that the call cannot give', () => {
    expect(() => outputOf(request, { status: 'ok', code: 'OK', value: { outcome: 'DENY', clauses: [] } })).toThrow(
      /requestAccess/,
    )
    expect(() => outputOf(update(1, true), { status: 'refused', code: 'NOT_AUTHORIZED', value: null })).toThrow(
      /NOT_AUTHORIZED/,
    )
  })
})
