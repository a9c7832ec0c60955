import { describe, expect, test } from 'vitest'
import { type Abi, AbiError, argumentsFromJson, type Json, valueToJson } from './abi.ts'
import { bytes32, Sample } from './clause.test-support.ts'

const sample = new Sample(`
enum Kind { hospital, patient }
record Period {
  from: time
  to: time?
}
event Joined(member: id, kind: Kind)
refusal UNKNOWN "There is no such member."
state members: map<(group: id, member: id), Kind>
action join(member: id, kind: Kind, period: Period, tags: list<code, 4>, title: name?) returns Period reveals member {
  emit Joined(member, kind)
  return period
}
view kindOf(group: id, member: id) returns Kind? {
  return members[group, member]
}
genesis action found() {
}`)
const abi = sample.contracts.abi('sample') as Abi

const hex = 'ab'.repeat(32)
const good = { member: hex, kind: 'patient', period: { from: 5 }, tags: ['A'], title: null }

test('the interface of a contract tells entries, events, states and refusals', () => {
  expect(abi.entries.map(({ kind, name, reveals }) => [kind, name, reveals])).toEqual([
    ['action', 'join', 'member'],
    ['view', 'kindOf', null],
    ['genesis action', 'found', null],
  ])
  expect(abi.entries[0]?.parameters.map(({ name, type }) => `${name}: ${type.kind}`)).toEqual([
    'member: id',
    'kind: enum',
    'period: record',
    'tags: list',
    'title: optional',
  ])
  expect(abi.entries[1]?.returns).toMatchObject({ kind: 'optional', value: { kind: 'enum', name: 'sample.Kind' } })
  expect(abi.events).toMatchObject([{ name: 'Joined', fields: [{ name: 'member' }, { name: 'kind' }] }])
  expect(abi.states).toMatchObject([{ name: 'members', key: [{ name: 'group' }, { name: 'member' }] }])
  expect(abi.refusals).toEqual([{ code: 'UNKNOWN', meaning: 'There is no such member.' }])
})

test('named JSON becomes positional values, and comes back', () => {
  const args = argumentsFromJson(abi, 'join', good)
  expect(args).toEqual([bytes32(0xab), 'patient', { from: 5, to: null }, ['A'], null])
  const returns = abi.entries[0]?.returns
  expect(returns && valueToJson(returns, sample.act('join', ...args))).toEqual({ from: 5, to: null })
  expect(argumentsFromJson(abi, 'found', {})).toEqual([])
})

describe('JSON that does not fit', () => {
  test.each<[string, Json, string, string]>([
    ['join', { ...good, member: undefined as never }, 'MISSING_PARAMETER', 'member: expected 64 lowercase hex'],
    ['join', { ...good, member: hex.toUpperCase() }, 'BAD_ARGUMENT', 'member: expected 64 lowercase hex'],
    ['join', { ...good, kind: 'doctor' }, 'BAD_ARGUMENT', 'kind: expected one of hospital, patient'],
    [
      'join',
      { ...good, period: { from: '5' } },
      'BAD_ARGUMENT',
      'period.from: expected a time in integer milliseconds',
    ],
    ['join', { ...good, period: { from: 5, until: 6 } }, 'BAD_ARGUMENT', 'period: expected a record with exactly'],
    ['join', { ...good, tags: ['A', 'ä'] }, 'BAD_ARGUMENT', 'tags[1]: expected 1 to 64 of the characters'],
    ['join', { ...good, tags: 'A' }, 'BAD_ARGUMENT', 'tags: expected a list of at most 4 of code'],
    ['join', { ...good, extra: 1 }, 'UNKNOWN_PARAMETER', 'extra: join takes member, kind, period, tags, title'],
    ['join', [1, 2], 'BAD_ARGUMENT', 'join: expected an object with member, kind, period, tags, title'],
    ['leave', {}, 'UNKNOWN_METHOD', 'sample.leave: expected one of join, kindOf, found'],
  ])('%s %j', (method, json, code, message) => {
    const convert = () => argumentsFromJson(abi, method, json)
    expect(convert).toThrow(AbiError)
    expect(convert).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })

  test('an error never repeats the value', () => {
    const secret = 'Anna Nowak'
    try {
      argumentsFromJson(abi, 'join', { ...good, kind: secret })
    } catch (error) {
      expect(String(error)).not.toContain(secret)
    }
    expect.assertions(1)
  })
})
