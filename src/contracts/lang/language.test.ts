// Every construct of Clause, compiled and run. spec/clause.md.

import { describe, expect, test } from 'vitest'
import { bytes32, evaluate, NOW, Sample, SENDER, TRANSACTION } from '../clause.test-support.ts'
import { compile } from './compile.ts'
import { CompileError } from './diagnostics.ts'

const LARGEST = Number.MAX_SAFE_INTEGER

describe('int', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['7 / 2', 3],
    ['-7 / 2', -3],
    ['-7 % 2', -1],
    ['0 * -1', 0],
    ['-4 % 2', 0],
    ['1_000 - 1', 999],
    ['min(3, 2) + max(3, 2)', 5],
    ['9007199254740991 - 1 + 1', LARGEST],
  ])('%s is %d', (expression, value) => {
    expect(evaluate(expression, 'int')).toBe(value)
  })

  test('does not divide wrongly near its limits', () => {
    expect(evaluate('a / b', 'int', 'a: int, b: int', LARGEST, 3)).toBe(3002399751580330)
    expect(evaluate('a / b', 'int', 'a: int, b: int', LARGEST, LARGEST)).toBe(1)
    expect(evaluate('a / b', 'int', 'a: int, b: int', LARGEST - 1, LARGEST)).toBe(0)
  })

  test.each([
    ['a + 1', LARGEST],
    ['a - 2', -LARGEST],
    ['a * 2', LARGEST],
    ['a * a', 94906267],
  ])('%s beyond its limits refuses OVERFLOW', (expression, a) => {
    expect(evaluate(expression, 'int', 'a: int', a)).toBe('OVERFLOW')
  })

  test.each(['a / 0', 'a % 0'])('%s refuses DIVISION_BY_ZERO', (expression) => {
    expect(evaluate(expression, 'int', 'a: int', 1)).toBe('DIVISION_BY_ZERO')
  })
})

describe('bool', () => {
  test.each([
    ['true and false or true', true],
    ['not true or false', false],
    ['not (true and false)', true],
    ['1 < 2 and 2 <= 2 and 3 > 2 and 2 >= 2', true],
    ['1 == 1 and 1 != 2', true],
    ['"TREAT" == "TREAT"', true],
    ['"TREAT" == "treat"', false],
  ])('%s is %s', (expression, value) => {
    expect(evaluate(expression, 'bool')).toBe(value)
  })

  test('and, or and else compute their right side only when it is needed', () => {
    expect(evaluate('a == 0 or 1 / a > 0', 'bool', 'a: int', 0)).toBe(true)
    expect(evaluate('a != 0 and 1 / a > 0', 'bool', 'a: int', 0)).toBe(false)
    expect(evaluate('a else 1 / 0', 'int', 'a: int?', 5)).toBe(5)
  })
})

describe('time', () => {
  test.each([
    ['now + 5 minutes - now', 'duration', 300_000],
    ['now - 1 day', 'time', NOW - 86_400_000],
    ['2 * 1 hour + 30 seconds * 2', 'duration', 7_260_000],
    ['4 hours / 30 minutes', 'int', 8],
    ['1 millisecond', 'duration', 1],
    ['max(now, now + 1 second) - now', 'duration', 1_000],
    ['-(2 days)', 'duration', -172_800_000],
  ])('%s is a %s of %d', (expression, type, value) => {
    expect(evaluate(expression, type)).toBe(value)
  })
})

describe('optional values', () => {
  const body = `
refusal NOTHING "There is nothing."
record Period {
  from: time
  to: time?
}
view contains(period: Period, at: time) returns bool {
  return period.from <= at and (period.to is none or at < period.to)
}
view orElse(a: int?, b: int?) returns int? {
  return a else b
}
view orRefuse(a: int?) returns int {
  let sure = a else refuse NOTHING about a
  return sure + 1
}
view required(a: int?) returns int {
  require a is some else NOTHING
  return a + 1
}
view early(a: int?) returns int {
  if a is none {
    return 0
  }
  return a
}
view both(a: int?, b: int?) returns int {
  if a is some and b is some {
    return a + b
  } else if a is not none {
    return a
  } else {
    return if b is some then b else -1
  }
}
view equal(a: int?, b: int) returns bool {
  return a == b
}
view nothing() returns int? {
  return none
}`
  const sample = new Sample(body)

  test('a test decides what is known behind it', () => {
    expect(sample.ask('contains', { from: 5, to: null }, 9)).toBe(true)
    expect(sample.ask('contains', { from: 5, to: 9 }, 9)).toBe(false)
    expect(sample.ask('required', 4)).toBe(5)
    expect(sample.ask('required', null)).toBe('NOTHING')
    expect(sample.ask('early', null)).toBe(0)
    expect(sample.ask('early', 6)).toBe(6)
    expect([sample.ask('both', 1, 2), sample.ask('both', 1, null)]).toEqual([3, 1])
    expect([sample.ask('both', null, 2), sample.ask('both', null, null)]).toEqual([2, -1])
  })

  test('else takes another value, or refuses with the parameter named', () => {
    expect([sample.ask('orElse', 1, 2), sample.ask('orElse', null, 2), sample.ask('orElse', null, null)]).toEqual([
      1,
      2,
      null,
    ])
    expect(sample.query('orRefuse', null)).toMatchObject({ status: 'refused', code: 'NOTHING', detail: 'a' })
    expect(sample.ask('orRefuse', 1)).toBe(2)
    expect(sample.ask('nothing')).toBe(null)
  })

  test('none equals no value', () => {
    expect([sample.ask('equal', null, 1), sample.ask('equal', 1, 1)]).toEqual([false, true])
  })
})

describe('enums', () => {
  const sample = new Sample(`
enum Status { active, suspended, revoked }
view isLive(status: Status) returns bool {
  return status is one of (active, suspended) and status is not suspended
}
view next(status: Status) returns Status {
  match status {
    active {
      return suspended
    }
    suspended, revoked {
      return Status.revoked
    }
  }
}
view rank(status: Status) returns int {
  var rank = 0
  match status {
    revoked {
      rank = 9
    }
    otherwise {
      rank = 1
    }
  }
  return rank
}
view among(status: Status) returns bool {
  return status in [active, revoked]
}`)

  test('are their names outside, and their members inside', () => {
    expect(['active', 'suspended', 'revoked'].map((status) => sample.ask('isLive', status))).toEqual([
      true,
      false,
      false,
    ])
    expect(['active', 'suspended', 'revoked'].map((status) => sample.ask('next', status))).toEqual([
      'suspended',
      'revoked',
      'revoked',
    ])
    expect(['active', 'suspended', 'revoked'].map((status) => sample.ask('rank', status))).toEqual([1, 1, 9])
    expect(['active', 'suspended', 'revoked'].map((status) => sample.ask('among', status))).toEqual([true, false, true])
  })
})

describe('records and lists', () => {
  const sample = new Sample(`
record Point {
  x: int
  y: int
}
view moved(point: Point, by: int) returns Point {
  return point with { x: point.x + by, y: 0 }
}
view made(x: int) returns Point {
  let y = 2
  return Point(y, x)
}
view grown(list: list<int, 3>, item: int) returns list<int, 3> {
  return list.append(item)
}
view member(list: list<code, 4>, item: code) returns list<code, 4> {
  return list.with(item)
}
view without(list: list<int, 4>, item: int) returns list<int, 4> {
  return list.without(item)
}
view replaced(list: list<int, 4>, position: int) returns list<int, 4> {
  return list.replace(position, 9)
}
view at(list: list<Point, 4>, position: int) returns Point {
  return list[position]
}
view size(list: list<int, 4>) returns int {
  return list.length
}
view has(list: list<int, 4>, item: int) returns bool {
  return item in list and list.contains(item) and not (item not in list)
}
view literal() returns list<int, 8> {
  let short = [1, 2]
  return short
}
view anyAbove(list: list<int, 4>, limit: int) returns bool {
  return any item in list where item > limit
}
view allAbove(list: list<int, 4>, limit: int) returns bool {
  return all item in list where item > limit
}
view nested(lists: list<Point, 4>, list: list<int, 4>) returns bool {
  return any point in lists where all item in list where item < point.x
}`)

  test('never change: with makes a new record', () => {
    expect(sample.ask('moved', { x: 1, y: 5 }, 2)).toEqual({ x: 3, y: 0 })
    expect(sample.ask('made', 1)).toEqual({ x: 1, y: 2 })
  })

  test('a list grows to its bound and no further', () => {
    expect(sample.ask('grown', [1, 2], 3)).toEqual([1, 2, 3])
    expect(sample.ask('grown', [1, 2, 3], 4)).toBe('LIST_FULL')
    expect(sample.ask('literal')).toEqual([1, 2])
  })

  test('with, without, contains treat a list as a set', () => {
    expect(sample.ask('member', ['A'], 'B')).toEqual(['A', 'B'])
    expect(sample.ask('member', ['A', 'B', 'C', 'D'], 'B')).toEqual(['A', 'B', 'C', 'D'])
    expect(sample.ask('member', ['A', 'B', 'C', 'D'], 'E')).toBe('LIST_FULL')
    expect(sample.ask('without', [1, 2, 1], 1)).toEqual([2])
    expect([sample.ask('has', [1, 2], 2), sample.ask('has', [1, 2], 3)]).toEqual([true, false])
  })

  test('positions outside refuse INDEX_OUT_OF_RANGE', () => {
    expect(sample.ask('replaced', [1, 2], 1)).toEqual([1, 9])
    expect(sample.ask('replaced', [1, 2], 2)).toBe('INDEX_OUT_OF_RANGE')
    expect(sample.ask('at', [{ x: 1, y: 2 }], 0)).toEqual({ x: 1, y: 2 })
    expect(sample.ask('at', [], 0)).toBe('INDEX_OUT_OF_RANGE')
    expect(sample.ask('at', [], -1)).toBe('INDEX_OUT_OF_RANGE')
    expect(sample.ask('size', [1, 2])).toBe(2)
  })

  test('any and all decide over elements; of nothing, all holds and any does not', () => {
    expect([sample.ask('anyAbove', [1, 5], 4), sample.ask('anyAbove', [1], 4), sample.ask('anyAbove', [], 4)]).toEqual([
      true,
      false,
      false,
    ])
    expect([
      sample.ask('allAbove', [5, 6], 4),
      sample.ask('allAbove', [1, 5], 4),
      sample.ask('allAbove', [], 4),
    ]).toEqual([true, false, true])
    expect(sample.ask('nested', [{ x: 2, y: 0 }], [1])).toBe(true)
    expect(sample.ask('nested', [{ x: 2, y: 0 }], [3])).toBe(false)
  })
})

describe('loops', () => {
  const sample = new Sample(`
constant rows = 3
view sum(list: list<int, 8>) returns int {
  var sum = 0
  for item in list {
    if item < 0 {
      continue
    }
    if item > 100 {
      break
    }
    sum = sum + item
  }
  return sum
}
view table() returns int {
  var cells = 0
  for row in 0..rows {
    for column in 1..4 {
      if column == 3 {
        break
      }
      cells = cells + row * column
    }
  }
  return cells
}
view upTo(from: int, to: int) returns int {
  var count = 0
  for i in from..to max 5 {
    count = count + 1
  }
  return count
}
view first(list: list<int, 8>) returns int? {
  for item in list {
    return item
  }
  return none
}`)

  test('break and continue', () => {
    expect(sample.ask('sum', [1, -5, 2, 101, 7])).toBe(3)
    expect(sample.ask('table')).toBe(9)
    expect([sample.ask('first', [4, 5]), sample.ask('first', [])]).toEqual([4, null])
  })

  test('run as often as their bounds say, and refuse more than max', () => {
    expect([sample.ask('upTo', 2, 7), sample.ask('upTo', 3, 3), sample.ask('upTo', 5, 1)]).toEqual([5, 0, 0])
    expect(sample.ask('upTo', 0, 6)).toBe('RANGE_TOO_LARGE')
  })
})

describe('state', () => {
  const sample = new Sample(`
record Entry {
  amount: int
  note: code?
}
state entries: map<id, Entry>
state byTime: map<(owner: id, at: time, entry: id), int>
state total: int
state labels: map<code, bool>

action put(entry: id, amount: int) {
  entries[entry] = Entry(amount, note: none)
  total = (total else 0) + amount
}
action putAt(owner: id, at: time, entry: id, value: int) {
  byTime[owner, at, entry] = value
}
action remove(entry: id) {
  delete entries[entry]
}
action label(code: code) {
  labels[code] = true
}
view amount(entry: id) returns int? {
  let found = entries[entry]
  return if found is some then found.amount else none
}
view exists(entry: id) returns bool {
  return entry in entries and entries[entry] is some and not (entries[entry] is none)
}
view sum() returns int {
  return total else 0
}
view values(owner: id, from: time?) returns list<int, 8> {
  var values: list<int, 8> = []
  for (at, entry), value in byTime[owner, ...] max 4 from (from) {
    values = values.append(value)
  }
  return values
}
view page(owner: id, at: time?, entry: id?) returns list<int, 8> {
  var values: list<int, 8> = []
  for (time, which), value in byTime[owner, ...] first 2 after (at, entry) {
    values = values.append(value)
  }
  return values
}
view owners() returns list<id, 16> {
  var owners: list<id, 16> = []
  for (owner, at, entry) in byTime[...] max 16 {
    owners = owners.with(owner)
  }
  return owners
}
view known() returns list<code, 16> {
  var known: list<code, 16> = []
  for (code) in labels[...] max 16 {
    known = known.append(code)
  }
  return known
}`)

  test('reads what was written, none where nothing was', () => {
    sample.act('put', bytes32(1), 5)
    sample.act('put', bytes32(2), 7)
    expect([sample.ask('amount', bytes32(1)), sample.ask('amount', bytes32(9)), sample.ask('sum')]).toEqual([
      5,
      null,
      12,
    ])
    sample.act('remove', bytes32(1))
    expect([sample.ask('exists', bytes32(1)), sample.ask('exists', bytes32(2))]).toEqual([false, true])
  })

  test('a range walks in order of the key, over times before and after 1970, and refuses more than max', () => {
    const owner = bytes32(1)
    for (const at of [5, -3, 4_000_000_000_000]) sample.act('putAt', owner, at, bytes32(7), at)
    sample.act('putAt', bytes32(2), 0, bytes32(7), 99)
    expect(sample.ask('values', owner, null)).toEqual([-3, 5, 4_000_000_000_000])
    expect(sample.ask('values', owner, 5)).toEqual([5, 4_000_000_000_000])
    expect(sample.ask('values', owner, 6)).toEqual([4_000_000_000_000])
    for (const at of [10, 11]) sample.act('putAt', owner, at, bytes32(7), at)
    expect(sample.ask('values', owner, null)).toBe('RANGE_TOO_LARGE')
    expect(sample.ask('page', owner, null, null)).toEqual([-3, 5])
    expect(sample.ask('page', owner, 5, bytes32(7))).toEqual([10, 11])
    expect(sample.ask('page', owner, 5, bytes32(6))).toEqual([5, 10])
    expect(sample.ask('owners')).toEqual([bytes32(1), bytes32(2)])
  })

  test('codes are keys of any length, in order of their bytes', () => {
    for (const code of ['B', 'AB', 'A', 'a']) sample.act('label', code)
    expect(sample.ask('known')).toEqual(['A', 'AB', 'B', 'a'])
  })
})

describe('actions', () => {
  const sample = new Sample(`
refusal NOT_AUTHORIZED "Only the owner may do this."
event Done(by: id, at: time, amount: int?)
state count: int
function bump(by: int) {
  count = (count else 0) + by
}
action run(amount: int?) returns int {
  require sender != asId(transaction) else NOT_AUTHORIZED
  bump(2)
  emit Done(by: sender, at: now, amount)
  return callIndex + height
}
action fail(amount: int) {
  bump(1)
  emit Done(by: sender, at: now, amount: none)
  require amount > 10 else NOT_AUTHORIZED about amount
}
genesis action found() {
  bump(100)
}
view total() returns int {
  return count else 0
}
action derived(n: int) returns id {
  return deriveId(n)
}
view commitment(a: int, b: code) returns hash {
  return hash(a, b)
}`)

  test('emit events with their context', () => {
    const outcome = sample.call('run', 5)
    const fields = { by: Uint8Array.fromHex(SENDER), at: NOW, amount: 5 }
    expect(outcome).toMatchObject({ status: 'ok', value: 10, events: [{ contract: 'sample', name: 'Done', fields }] })
  })

  test('a refused call names code and parameter, and leaves nothing', () => {
    const before = sample.ask('total')
    expect(sample.call('fail', 1)).toMatchObject({ status: 'refused', code: 'NOT_AUTHORIZED', detail: 'amount' })
    expect(sample.ask('total')).toBe(before)
    expect(sample.call('fail', 11)).toMatchObject({ status: 'ok', value: null })
  })

  test('a genesis action runs in block 0 only', () => {
    expect(sample.act('found')).toBe('GENESIS_ONLY')
    sample.genesis = true
    expect(sample.act('found')).toBe(null)
    sample.genesis = false
  })

  test('derive ids that differ by part, and hash what others can hash', () => {
    const [first, again, other] = [sample.act('derived', 1), sample.act('derived', 1), sample.act('derived', 2)]
    expect(first).toEqual(again)
    expect(first).not.toEqual(other)
    expect(sample.ask('commitment', 1, 'A')).not.toEqual(sample.ask('commitment', 2, 'A'))
    expect(TRANSACTION).toHaveLength(64)
  })
})

describe('granted actions', () => {
  const OWNER = `
state total: int
event Counted(total: int, by: id, epoch: int)
refusal TOO_MUCH "No."
action count(amount: int) returns int by second {
  require amount < 10 else TOO_MUCH about amount
  let sum = (total else 0) + amount
  total = sum
  emit Counted(total: sum, by: sender, epoch)
  return sum
}
action reset() by second {
  delete_total()
}
function delete_total() {
  total = 0
}
view sum() returns int {
  return total else 0
}`
  const CALLER = `
uses sample
state calls: int
refusal NEVER "No."
action twice(amount: int) returns int {
  calls = (calls else 0) + 1
  sample.count(amount)
  return sample.count(amount)
}
action reset() {
  sample.reset()
}
action lost() {
  let ignored = sample.count(1)
  refuse NEVER
}
view callCount() returns int {
  return calls else 0
}`

  test('write their owner, on behalf of the one contract, with the context of the call', () => {
    const sample = new Sample(OWNER, CALLER)
    const outcome = sample.call('second.twice', 4)
    const fields = { total: 4, by: Uint8Array.fromHex(SENDER), epoch: 2 }
    expect(outcome).toMatchObject({ status: 'ok', value: 8, events: [{ contract: 'sample', fields }, {}] })
    expect([sample.ask('sum'), sample.ask('second.callCount')]).toEqual([8, 1])
    expect(sample.act('second.reset')).toBe(null)
    expect(sample.ask('sum')).toBe(0)
  })

  test('refuse for the caller, too: nothing of either stays', () => {
    const sample = new Sample(OWNER, CALLER)
    expect(sample.call('second.twice', 10)).toMatchObject({ status: 'refused', code: 'TOO_MUCH', detail: 'amount' })
    expect(sample.act('second.lost')).toBe('NEVER')
    expect([sample.ask('sum'), sample.ask('second.callCount')]).toEqual([0, 0])
  })

  test('are called by no transaction, by no view, and by no other contract', () => {
    const sample = new Sample(OWNER, CALLER)
    expect(sample.call('count', 1)).toMatchObject({ code: 'CONTRACT_ONLY' })
    const compiled = (...texts: string[]) => {
      const names = ['sample', 'second', 'third']
      const sources = texts.map((text, i) => ({
        name: `${names[i]}`,
        text: `contract ${names[i]} version 1\n${text}\n`,
      }))
      try {
        compile(sources)
        return 'compiled'
      } catch (error) {
        return error instanceof CompileError ? error.diagnostics[0]?.message : error
      }
    }
    const view = 'uses sample\nview v() returns int {\n return sample.count(1)\n}'
    expect(compiled(OWNER, view)).toContain('the view "v" writes or emits here')
    const third = 'uses sample\naction a() {\n sample.reset()\n}'
    expect(compiled(OWNER, CALLER, third)).toContain('"reset" is not for this contract to call')
    expect(compiled('view v() returns int by second {\n return 1\n}')).toContain('a view is not for one contract')
    expect(compiled('action a() by sample {\n}')).toContain('"sample" cannot call this action')
  })
})

describe('used contracts', () => {
  const registry = `
enum Kind { hospital, patient }
record Member {
  kind: Kind
  since: time
}
refusal UNKNOWN_MEMBER "There is no such member."
state members: map<id, Member>
action join(member: id, kind: Kind) {
  members[member] = Member(kind, since: now)
}
view find(member: id) returns Member? {
  return members[member]
}
view kindOf(member: id) returns Kind {
  let found = members[member] else refuse UNKNOWN_MEMBER about member
  return found.kind
}`
  const user = `
uses sample
view isHospital(member: id) returns bool {
  let found = sample.find(member)
  return found is some and found.kind is hospital
}
view kind(member: id) returns sample.Kind {
  return sample.kindOf(member)
}
view other(kind: sample.Kind) returns bool {
  return kind == sample.Kind.patient
}`
  const sample = new Sample(registry, user)

  test('their views are read, their types are shared, their refusals come through', () => {
    sample.act('join', bytes32(1), 'hospital')
    expect([sample.ask('second.isHospital', bytes32(1)), sample.ask('second.isHospital', bytes32(2))]).toEqual([
      true,
      false,
    ])
    expect(sample.ask('second.kind', bytes32(1))).toBe('hospital')
    expect(sample.query('second.kind', bytes32(2))).toMatchObject({ code: 'UNKNOWN_MEMBER', detail: 'member' })
    expect(sample.ask('second.other', 'patient')).toBe(true)
  })
})

describe('constants', () => {
  test('are computed by the compiler', () => {
    const sample = new Sample(`
enum Level { low, high }
constant base = 4
constant limit = base * 2 + 1
constant lifetime: duration = 2 * 1 hour
constant purposes: list<code, 8> = ["TREAT", "ETREAT"]
constant level: Level = high
constant title: name = "St. Anna"
view all() returns int {
  return if lifetime == 2 hours and "TREAT" in purposes and level is high then limit else 0
}
view name() returns name {
  return title
}`)
    expect(sample.ask('all')).toBe(9)
    expect(sample.ask('name')).toBe('St. Anna')
  })
})
