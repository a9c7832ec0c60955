import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Value } from '../types/canonical-value.ts'
import { bytes32, GAS, NOW, Sample, SENDER, TRANSACTION } from './clause.test-support.ts'
import { ContractError } from './errors.ts'
import { executeCall, loadContracts } from './execute.ts'
import { compile } from './lang/compile.ts'
import { MemoryState } from './memory-state.ts'

const BODY = `
record Entry {
  owner: id
  tags: list<code, 8>
  until: time?
}
refusal TAKEN "There is an entry of this id."
event Stored(entry: id, tags: list<code, 8>)
state entries: map<id, Entry>
state byOwner: map<(owner: id, entry: id), bool>
action store(entry: id, tags: list<code, 8>, until: time?) returns int {
  require entries[entry] is none else TAKEN about entry
  entries[entry] = Entry(owner: sender, tags, until)
  byOwner[sender, entry] = true
  emit Stored(entry, tags)
  return tags.length
}
view find(entry: id) returns Entry? {
  return entries[entry]
}
view work(rounds: int) returns int {
  var sum = 0
  for i in 0..rounds max 1024 {
    sum = sum + i
  }
  return sum
}
view list(owner: id) returns list<id, 64> {
  var found: list<id, 64> = []
  for (entry) in byOwner[owner, ...] max 64 {
    found = found.append(entry)
  }
  return found
}`

const sample = new Sample(BODY)

describe('a call that names nothing', () => {
  test.each([
    ['missing.store', 'UNKNOWN_CONTRACT'],
    ['sample.missing', 'UNKNOWN_METHOD'],
    ['sample.__proto__', 'UNKNOWN_METHOD'],
    ['sample.find', 'UNKNOWN_METHOD'],
  ])('%s is refused with %s', (method, code) => {
    expect(sample.call(method, bytes32(1))).toMatchObject({ status: 'refused', code, gas: 0 })
  })

  test('an action is not queried', () => {
    expect(sample.query('store', bytes32(1), [], null)).toMatchObject({ code: 'UNKNOWN_METHOD' })
  })
})

describe('arguments that do not fit', () => {
  test.each<[string, Value[], string]>([
    ['too few', [bytes32(1)], 'expected 3 arguments: entry, tags, until'],
    ['too many', [bytes32(1), [], null, null], 'expected 3 arguments: entry, tags, until'],
    ['short id', [new Uint8Array(31), [], null], 'entry: expected exactly 32 bytes'],
    ['hex instead of bytes', ['ab'.repeat(32), [], null], 'entry: expected exactly 32 bytes'],
    ['bad code', [bytes32(1), ['A', 'a b'], null], 'tags[1]: expected 1 to 64 of the characters'],
    ['long list', [bytes32(1), Array(9).fill('A'), null], 'tags: expected a list of at most 8 of code'],
    ['float', [bytes32(1), [], 1.5], 'until: expected null or a time in integer milliseconds'],
  ])('%s: the parameter is named', (_, args, detail) => {
    const outcome = sample.call('store', ...args)
    expect(outcome).toMatchObject({ status: 'refused', code: 'BAD_ARGUMENT' })
    expect(outcome.status === 'refused' && outcome.detail).toContain(detail.replace('null or ', ''))
  })

  test('whatever they are, the answer is an outcome', () => {
    const values = fc.anything({ maxDepth: 3, withTypedArray: true, withNullPrototype: true }) as fc.Arbitrary<Value>
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.array(values, { maxLength: 5 }), (contract, method, args) => {
        const context = {
          timeMs: NOW,
          height: 1,
          callIndex: 0,
          genesis: false,
          epoch: 0,
          sender: SENDER,
          transactionId: TRANSACTION,
        }
        const environment = { context, state: new MemoryState(), gasLimit: GAS }
        for (const call of [
          { contract, method, args },
          { contract: 'sample', method: 'store', args },
        ]) {
          expect(['ok', 'refused']).toContain(executeCall(sample.contracts, call, environment).status)
        }
      }),
    )
  })
})

describe('gas', () => {
  test('is what it was, on every run', () => {
    const gas = () => new Sample(BODY).call('store', bytes32(1), ['A', 'B'], null).gas
    expect(gas()).toBe(gas())
    expect(gas()).toBeGreaterThan(400)
  })

  test('rises with the work', () => {
    const work = (rounds: number) => sample.query('work', rounds).gas
    for (let rounds = 0; rounds < 1_024; rounds += 93) expect(work(rounds + 1)).toBeGreaterThan(work(rounds))
  })

  test('rises with what is stored', () => {
    const store = (tags: string[]) => new Sample(BODY).call('store', bytes32(1), tags, null).gas
    expect(store(Array(8).fill('A'.repeat(64)))).toBeGreaterThan(store(['A']) + 100)
  })

  test('exactly enough is enough, one less refuses OUT_OF_GAS and uses all', () => {
    const limited = new Sample(BODY)
    const { gas } = limited.query('work', 100)
    limited.gasLimit = gas
    expect(limited.query('work', 100)).toMatchObject({ status: 'ok', gas })
    for (const gasLimit of [gas - 1, Math.floor(gas / 2), 1, 0]) {
      limited.gasLimit = gasLimit
      expect(limited.query('work', 100)).toEqual({ status: 'refused', code: 'OUT_OF_GAS', gas: gasLimit })
    }
  })
})

test('the same calls on the same state leave the same trace', () => {
  const calls = fc.array(
    fc.record({ byte: fc.nat({ max: 3 }), tags: fc.array(fc.constantFrom('A', 'B', 'C'), { maxLength: 9 }) }),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(calls, (all) => {
      const trace = () => {
        const fresh = new Sample(BODY)
        const outcomes = all.map(({ byte, tags }) => fresh.call('store', bytes32(byte), tags, null))
        return JSON.stringify([outcomes, fresh.query('list', Uint8Array.fromHex(SENDER)), fresh.state.size])
      }
      expect(trace()).toBe(trace())
    }),
    { numRuns: 50 },
  )
})

test('bytes in state that no contract wrote stop the node', () => {
  const corrupt = new Sample(BODY)
  corrupt.act('store', bytes32(1), ['A'], null)
  for (const [key] of corrupt.state.range(new Uint8Array(), { limit: 10 })) corrupt.state.put(key, Uint8Array.of(0xff))
  expect(() => corrupt.query('find', bytes32(1))).toThrow(ContractError)
  expect(() => corrupt.query('find', bytes32(1))).toThrow('state entries')
})

describe('modules that do not fit together', () => {
  const first = { name: 'first.clause', text: 'contract first version 1\nview v(a: int) returns int {\n return a\n}\n' }
  const other = { name: 'first.clause', text: 'contract first version 2\nview v(a: id) returns id {\n return a\n}\n' }
  const text = 'contract second version 1\nuses first\nview w() returns int {\n return first.v(1)\n}\n'
  const second = { name: 'second.clause', text }
  const [firstModule, secondModule] = compile([first, second]) as [never, never]
  const [otherModule] = compile([other]) as [never]

  test.each<[string, never[], string]>([
    ['a used contract is missing', [secondModule], 'uses first, which is not loaded before it'],
    ['a used contract comes later', [secondModule, firstModule], 'uses first, which is not loaded before it'],
    ['a view has other types', [otherModule, secondModule], 'first.v has other types'],
    ['a contract stands twice', [firstModule, firstModule], 'is loaded twice'],
  ])('%s', (_, modules, message) => {
    expect(() => loadContracts(modules)).toThrow(message)
    expect(() => loadContracts(modules)).toThrow(ContractError)
  })

  test('a module under another name', () => {
    expect(() => loadContracts([{ ...(firstModule as object), name: 'x' } as never])).toThrow('calls itself first')
  })
})

test('a call cannot make more values than memory has room for', () => {
  const greedy = new Sample(`
view greedy() returns int {
  var list: list<int, 1024> = []
  for i in 0..1024 {
    list = list.append(i)
    for j in 0..8 {
      list = list.replace(0, j)
    }
  }
  return list.length
}`)
  greedy.gasLimit = Number.MAX_SAFE_INTEGER
  expect(greedy.ask('greedy')).toBe('OUT_OF_MEMORY')
})
