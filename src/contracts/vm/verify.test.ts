// Whatever the bytes: a module that is safe to run, or a ContractError. spec/clause.md, "Verification".

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytes32, contractText, mistakesIn, Sample } from '../clause.test-support.ts'
import { ContractError } from '../errors.ts'
import { compile } from '../lang/compile.ts'
import { MemoryState } from '../memory-state.ts'
import type { Cell } from './cell.ts'
import { cellFromValue, valueFromCell } from './cell.ts'
import type { Code } from './generate-code.ts'
import { decodeInstructions, encodeInstructions, type Instruction, OP, OPERATIONS, type Opcode } from './instruction.ts'
import { linkModules } from './link.ts'
import { Machine } from './machine.ts'
import { decodeModule, encodeModule, type FunctionEntry, type Module } from './module.ts'
import { Refusal } from './refusal.ts'
import { verifyModule } from './verify.ts'

const BASE: Module = {
  format: 3,
  name: 'sample',
  version: 1,
  uses: [],
  types: [
    { kind: 'scalar', name: 'int' },
    { kind: 'scalar', name: 'bool' },
    { kind: 'list', item: 0, max: 4 },
    { kind: 'optional', value: 0 },
    { kind: 'scalar', name: 'id' },
  ],
  imports: [],
  states: [{ name: 'entries', key: [{ name: 'key', type: 4 }], value: 0, table: false }],
  events: [{ name: 'Done', fields: [{ name: 'amount', type: 0 }] }],
  refusals: [{ code: 'REFUSED', meaning: 'It is refused.' }],
  abouts: ['amount'],
  constants: [
    { type: 0, value: 7 },
    { type: 1, value: true },
  ],
  ranges: [{ state: 0, prefix: 0, start: 1, after: false, max: 8, strict: true, values: true }],
  functions: [],
  entries: [],
}

const ins = (op: Opcode, a = 0, b = 0): Instruction => ({ op, a, b })

/** A function int -> int with a list as second parameter. */
function withCode(instructions: Instruction[], changes: Partial<FunctionEntry> = {}): Module {
  const code = encodeInstructions(instructions)
  return { ...BASE, functions: [{ name: 'f', parameters: [0, 2], result: 0, locals: [0], code, ...changes }] }
}

const verify = (module: Module) => () => verifyModule(encodeModule(module))

describe('code that is accepted', () => {
  test.each<[string, Instruction[]]>([
    ['returns a constant', [ins(OP.CONSTANT), ins(OP.RETURN)]],
    [
      'loops over a list',
      [
        ins(OP.CONSTANT),
        ins(OP.SET_LOCAL, 2),
        ins(OP.LOCAL, 1),
        ins(OP.EACH),
        ins(OP.NEXT_ITEM, 0, 7),
        ins(OP.SET_LOCAL, 2),
        ins(OP.REPEAT, 4),
        ins(OP.LOCAL, 2),
        ins(OP.RETURN),
      ],
    ],
  ])('%s', (_, instructions) => {
    expect(verify(withCode(instructions))).not.toThrow()
  })
})

describe('code that is refused', () => {
  const ret = ins(OP.RETURN)
  test.each<[string, Instruction[], string]>([
    ['is empty', [], 'runs behind its end'],
    ['runs behind its end', [ins(OP.CONSTANT), ins(OP.POP)], 'runs behind its end'],
    ['returns nothing', [ret], 'the stack is empty'],
    ['returns another type', [ins(OP.CONSTANT, 1), ret], 'expected int on the stack, found bool'],
    ['pops from an empty stack', [ins(OP.POP), ret], 'the stack is empty'],
    ['names a constant that is not there', [ins(OP.CONSTANT, 9), ret], 'there is no constant 9'],
    ['names a local that is not there', [ins(OP.LOCAL, 9), ret], 'there is no local 9'],
    ['reads a local before it is set', [ins(OP.LOCAL, 2), ret], 'local 2 may not be set yet'],
    [
      'reads a local that one way does not set',
      [ins(OP.CONSTANT, 1), ins(OP.JUMP_IF_FALSE, 4), ins(OP.CONSTANT), ins(OP.SET_LOCAL, 2), ins(OP.LOCAL, 2), ret],
      'local 2 may not be set yet',
    ],
    ['sets a local to another type', [ins(OP.CONSTANT, 1), ins(OP.SET_LOCAL, 0), ret], 'expected int'],
    ['adds bools', [ins(OP.CONSTANT, 1), ins(OP.CONSTANT, 1), ins(OP.ADD), ret], 'not defined on bool and bool'],
    ['jumps back', [ins(OP.JUMP, 0)], 'out of its block'],
    ['jumps to itself', [ins(OP.CONSTANT), ins(OP.JUMP, 1)], 'out of its block'],
    [
      'jumps behind its end',
      [ins(OP.CONSTANT, 1), ins(OP.JUMP_IF_FALSE, 9), ins(OP.CONSTANT), ret],
      'out of its block',
    ],
    ['has code that is never reached', [ins(OP.CONSTANT), ret, ins(OP.CONSTANT), ret], 'is never reached'],
    [
      'meets with different stacks',
      [ins(OP.CONSTANT), ins(OP.CONSTANT, 1), ins(OP.JUMP_IF_FALSE, 4), ins(OP.CONSTANT), ret],
      'different stacks',
    ],
    ['repeats without a loop', [ins(OP.REPEAT, 0)], 'does not repeat the innermost loop'],
    ['takes from a loop that is not open', [ins(OP.NEXT_ITEM, 0, 1), ret], 'is not opened before'],
    ['opens a loop and leaves it', [ins(OP.LOCAL, 1), ins(OP.EACH), ins(OP.CONSTANT), ret], 'not followed by its loop'],
    [
      'opens the slot of the loop around it again',
      [
        ins(OP.LOCAL, 1),
        ins(OP.EACH, 0),
        ins(OP.NEXT_ITEM, 0, 9),
        ins(OP.POP),
        ins(OP.LOCAL, 1),
        ins(OP.EACH, 0),
        ins(OP.NEXT_ITEM, 0, 8),
        ins(OP.POP),
        ins(OP.REPEAT, 2),
        ins(OP.CONSTANT),
        ret,
      ],
      'uses slot 0 at depth 1',
    ],
    [
      'jumps past the opener of a loop',
      [
        ins(OP.CONSTANT, 1),
        ins(OP.JUMP_IF_FALSE, 4),
        ins(OP.LOCAL, 1),
        ins(OP.EACH, 0),
        ins(OP.NEXT_ITEM, 0, 7),
        ins(OP.POP),
        ins(OP.REPEAT, 4),
        ins(OP.CONSTANT),
        ret,
      ],
      'a jump leads past its opener',
    ],
    [
      'jumps into a loop',
      [
        ins(OP.CONSTANT, 1),
        ins(OP.JUMP_IF_FALSE, 5),
        ins(OP.LOCAL, 1),
        ins(OP.EACH, 0),
        ins(OP.NEXT_ITEM, 0, 7),
        ins(OP.POP),
        ins(OP.REPEAT, 4),
        ins(OP.CONSTANT),
        ret,
      ],
      'a jump leads into the loop',
    ],
    [
      'jumps out of two loops',
      [
        ins(OP.LOCAL, 1),
        ins(OP.EACH, 0),
        ins(OP.NEXT_ITEM, 0, 10),
        ins(OP.POP),
        ins(OP.LOCAL, 1),
        ins(OP.EACH, 1),
        ins(OP.NEXT_ITEM, 1, 9),
        ins(OP.POP),
        ins(OP.JUMP, 10),
        ins(OP.REPEAT, 2),
        ins(OP.CONSTANT),
        ret,
      ],
      'out of its block',
    ],
    [
      'leaves something on the stack in each round',
      [ins(OP.LOCAL, 1), ins(OP.EACH, 0), ins(OP.NEXT_ITEM, 0, 4), ins(OP.REPEAT, 2), ins(OP.CONSTANT), ret],
      'different stacks',
    ],
    ['calls itself', [ins(OP.LOCAL, 0), ins(OP.LOCAL, 1), ins(OP.CALL, 0), ret], 'there is no earlier function 0'],
    ['calls an import that is not there', [ins(OP.CALL_VIEW, 0), ret], 'there is no import 0'],
    ['unwraps what is no option', [ins(OP.CONSTANT), ins(OP.UNWRAP), ret], 'expected an optional value'],
    ['refuses with an unknown code', [ins(OP.REFUSE, 5, 0)], 'there is no refusal 5'],
    ['names an unknown parameter', [ins(OP.REFUSE, 0, 5)], 'there is no name 4'],
    ['reads a state by another key', [ins(OP.CONSTANT), ins(OP.GET, 0), ins(OP.UNWRAP), ret], 'expected id'],
    [
      'grows a list beyond its type',
      [ins(OP.LOCAL, 1), ins(OP.CONSTANT), ins(OP.APPEND, 5), ins(OP.LENGTH), ret],
      'grows to 4',
    ],
    ['returns packed bytes', [ins(OP.CONSTANT), ins(OP.PACK, 0), ret], 'expected int on the stack, found packed bytes'],
    ['packs another type', [ins(OP.CONSTANT), ins(OP.PACK, 1), ins(OP.HASH, 1), ret], 'expected bool on the stack'],
    ['stores packed bytes', [ins(OP.CONSTANT), ins(OP.PACK, 0), ins(OP.SET_LOCAL, 0), ret], 'found packed bytes'],
    ['hashes what is not packed', [ins(OP.CONSTANT), ins(OP.HASH, 1), ret], 'expected packed bytes'],
    [
      'counts to nothing',
      [ins(OP.CONSTANT), ins(OP.CONSTANT), ins(OP.COUNT, 0, 0), ins(OP.NEXT_INTEGER, 0, 4), ret],
      'counts to nothing',
    ],
  ])('%s', (_, instructions, message) => {
    expect(verify(withCode(instructions))).toThrow(message)
    expect(verify(withCode(instructions))).toThrow(ContractError)
  })

  test('has more values on the stack than it may', () => {
    const pushes = Array.from({ length: 600 }, () => ins(OP.CONSTANT))
    expect(verify(withCode([...pushes, ins(OP.RETURN)]))).toThrow('more than 512 values on the stack')
  })

  test('calls deeper than it may', () => {
    const call = (to: number) =>
      encodeInstructions([ins(OP.LOCAL, 0), ins(OP.LOCAL, 1), ins(OP.CALL, to), ins(OP.RETURN)])
    const first = withCode([ins(OP.CONSTANT), ins(OP.RETURN)]).functions[0] as FunctionEntry
    const others = Array.from({ length: 40 }, (_, i) => ({ ...first, name: `f${i}`, code: call(i) }))
    expect(verify({ ...BASE, functions: [first, ...others] })).toThrow('more than 32 calls inside each other')
  })
})

describe('tables that are refused', () => {
  test.each<[string, Partial<Module>, string]>([
    [
      'a type that stands before its parts',
      {
        types: [
          { kind: 'optional', value: 1 },
          { kind: 'scalar', name: 'int' },
        ],
      },
      'does not come before',
    ],
    [
      'a type twice',
      {
        types: [
          { kind: 'scalar', name: 'int' },
          { kind: 'scalar', name: 'int' },
        ],
      },
      'int stands twice',
    ],
    ['an option of an option', { types: [...BASE.types, { kind: 'optional', value: 3 }] }, 'cannot be optional again'],
    ['a list that is too long', { types: [...BASE.types, { kind: 'list', item: 0, max: 5000 }] }, 'a list holds'],
    [
      'values that could be too large',
      {
        types: [
          { kind: 'scalar', name: 'int' },
          { kind: 'list', item: 0, max: 1024 },
          { kind: 'list', item: 1, max: 1024 },
        ],
        states: [],
        events: [],
        constants: [],
        ranges: [],
      },
      'too large',
    ],
    [
      'a key that is a list',
      { states: [{ name: 's', key: [{ name: 'k', type: 2 }], value: 0, table: false }] },
      'no part of a key',
    ],
    ['a constant of another type', { constants: [{ type: 0, value: 'x' }] }, 'expected an integer'],
    ['a range over no part', { ranges: [{ ...BASE.ranges[0], prefix: 1 } as never] }, 'leaves no part'],
    [
      'a range without bound',
      { ranges: [{ ...BASE.ranges[0], max: 100_000 } as never] },
      'a range has 1 to 1024 entries',
    ],
    [
      'an entry without a function',
      { entries: [{ kind: 'view', name: 'v', function: 0, parameters: [], reveals: null, by: null }] },
      'there is no function 0',
    ],
    [
      'an import of a contract that is not used',
      { imports: [{ kind: 'view', contract: 'x', name: 'v', parameters: [], result: 0 }] },
      'does not use x',
    ],
    ['version 0', { version: 0 }, 'expected 1 or more'],
    ['a name twice', { refusals: [BASE.refusals[0], BASE.refusals[0]] as never }, 'a name stands twice'],
  ])('%s', (_, changes, message) => {
    expect(verify({ ...BASE, ...changes })).toThrow(message)
  })

  test('a view that writes, reads the transaction or returns nothing', () => {
    const view = (instructions: Instruction[], result: number | null): Module => ({
      ...withCode(instructions, { parameters: [], result }),
      entries: [{ kind: 'view', name: 'v', function: 0, parameters: [], reveals: null, by: null }],
    })
    const emit = [ins(OP.CONSTANT), ins(OP.EMIT), ins(OP.CONSTANT), ins(OP.RETURN)]
    expect(verify(view(emit, 0))).toThrow('a view writes')
    expect(verify(view([ins(OP.CALL_INDEX), ins(OP.RETURN)], 0))).toThrow('reads the transaction')
    expect(verify(view([ins(OP.RETURN)], null))).toThrow('returns nothing')
  })
})

describe('granted actions', () => {
  const constant = [ins(OP.CONSTANT), ins(OP.RETURN)]
  const owner = (by: string | null, kind: 'action' | 'view' = 'action'): Module => ({
    ...withCode(constant, { parameters: [], result: 0, locals: [] }),
    entries: [{ kind, name: 'grant', function: 0, parameters: [], reveals: null, by }],
  })
  const caller = (kind: 'action' | 'view', op: Opcode, name = 'caller'): Module => ({
    ...withCode([ins(op), ins(OP.RETURN)], { parameters: [], result: 0, locals: [] }),
    name,
    uses: ['sample'],
    imports: [{ kind, contract: 'sample', name: 'grant', parameters: [], result: 0 }],
    entries: [{ kind: 'action', name: 'run', function: 0, parameters: [], reveals: null, by: null }],
  })
  const link =
    (...modules: Module[]) =>
    () =>
      linkModules(modules.map((module) => ({ name: module.name, bytes: encodeModule(module) })))

  test('link with the contract that they are granted to', () => {
    expect(link(owner('caller'), caller('action', OP.CALL_ACTION))).not.toThrow()
  })

  test('link with no other contract, and are no views', () => {
    expect(link(owner('caller'), caller('action', OP.CALL_ACTION, 'other'))).toThrow('may not call sample.grant')
    expect(link(owner(null), caller('action', OP.CALL_ACTION))).toThrow('may not call sample.grant')
    expect(link(owner('caller'), caller('view', OP.CALL_VIEW))).toThrow('there is no view sample.grant')
    expect(link(owner(null, 'view'), caller('action', OP.CALL_ACTION))).toThrow('there is no action sample.grant')
  })

  test('are called by their own instruction, never from a view, and only actions are granted', () => {
    expect(verify(caller('action', OP.CALL_VIEW))).toThrow('calls the action grant')
    expect(verify(caller('view', OP.CALL_ACTION))).toThrow('calls the view grant')
    const view = { kind: 'view' as const, name: 'run', function: 0, parameters: [], reveals: null, by: null }
    expect(verify({ ...caller('action', OP.CALL_ACTION), entries: [view] })).toThrow('a view writes')
    expect(verify(owner('caller', 'view'))).toThrow('only an action is granted')
  })
})

// ── any bytes ──

const SOURCE = contractText(`
enum Status { active, revoked }
record Entry {
  owner: id
  status: Status
  tags: list<code, 8>
  until: time?
}
refusal UNKNOWN "There is no such entry."
event Stored(entry: id, status: Status)
state entries: map<id, Entry>
state byOwner: map<(owner: id, at: time, entry: id), bool>
action store(entry: id, tags: list<code, 8>, until: time?) returns int {
  entries[entry] = Entry(owner: sender, status: active, tags, until)
  byOwner[sender, now, entry] = true
  emit Stored(entry, status: active)
  return tags.length
}
action revoke(entry: id) {
  let old = entries[entry] else refuse UNKNOWN about entry
  require old.owner == sender else UNKNOWN
  entries[entry] = old with { status: revoked, tags: old.tags.without("A").with("B") }
}
view count(owner: id, tag: code, from: time?) returns int {
  var count = 0
  for (at, entry) in byOwner[owner, ...] max 16 from (from) {
    let found = entries[entry] else refuse UNKNOWN
    if any each in found.tags where each == tag and (found.until is none or at < found.until) {
      count = count + 1
    }
  }
  return count * 2 - hashed(owner, count)
}
function hashed(owner: id, count: int) returns int {
  return if hash(owner, count) == asHash(owner) then 1 else 0
}
table codes: map<(version: int, code: code), list<code, 8>>
action teach(version: int, code: code, covering: list<code, 8>) {
  codes[version, code] = covering
}
filter mayLeave(version: int, narrower: list<code, 4>, during: interval, from: time?, status: Status) returns bool {
  let asked = interval(from, none)
  return status <= revoked
    and during.within(asked)
    and not during.overlaps(interval(none, from))
    and (all code in narrower where codes[version].covers("A", code))
}
`)

const module = (compile([{ name: 'sample.clause', text: SOURCE }])[0] as { bytes: Uint8Array }).bytes

/** Gas of one run. */
const GIVEN = 200_000

/** Verifies and, when it passes, runs every function on arguments that fit; only refusals may come out. */
function tryModule(bytes: Uint8Array): 'refused' | 'ran' {
  let program: ReturnType<typeof linkModules> extends Map<string, infer Loaded> ? Loaded : never
  try {
    const name = decodeModule(bytes).name
    program = linkModules([{ name, bytes }]).get(name) as typeof program
  } catch (error) {
    expect(error).toBeInstanceOf(ContractError)
    return 'refused'
  }
  const { routines, code, gasMax } = program.program
  for (const [i, routine] of routines.entries()) {
    const call = { sender: 'aa'.repeat(32) as never, transactionId: 'bb'.repeat(32) as never, callIndex: 0 }
    const machine = new Machine(new MemoryState(), { timeMs: 5, height: 1, epoch: 0, call }, GIVEN)
    const parameters = routine.parameters.map((type) => {
      switch (type.kind) {
        case 'id':
        case 'hash':
        case 'key':
          return bytes32(1).toHex()
        case 'list':
          return []
        case 'optional':
          return null
        case 'bool':
          return true
        case 'code':
        case 'name':
          return 'A'
        case 'interval':
          return [0, null]
        default:
          return type.kind === 'record' ? undefined : 0
      }
    })
    if (parameters.includes(undefined)) continue
    try {
      const result = (code[i] as Code)(machine, ...(parameters as Cell[]))
      const { result: type } = routine
      // A hole in the verifier would show here first: a result that is not of its type.
      if (type !== null) expect(cellFromValue(type, valueFromCell(type, result), 'result')).toEqual(result)
    } catch (error) {
      expect(error).toBeInstanceOf(Refusal)
    }
    // Out of gas, it would have used more than it was given, whatever it was promised to use.
    if (machine.gas >= 0) expect(GIVEN - machine.gas).toBeLessThanOrEqual(gasMax[i] as number)
  }
  return 'ran'
}

test('the module under test verifies and runs', () => {
  expect(tryModule(module)).toBe('ran')
})

test('random bytes are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(() => verifyModule(bytes)).toThrow(ContractError)
    }),
    { numRuns: 2_000 },
  )
})

test('a module with changed bytes is refused or safe to run', () => {
  const change = fc.record({ at: fc.nat({ max: module.length - 1 }), value: fc.nat({ max: 255 }) })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const mutated = module.slice()
      for (const { at, value } of changes) mutated[at] = value
      tryModule(mutated)
    }),
    { numRuns: 5_000 },
  )
})

test('a module with other instructions is refused or safe to run', () => {
  const decoded = decodeModule(module)
  let ran = 0
  const operand = fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: 60 }))
  const instruction = fc.record({
    op: fc.nat({ max: OPERATIONS.length - 1 }) as fc.Arbitrary<Opcode>,
    a: operand,
    b: operand,
  })
  const how = fc.constantFrom('insert', 'replace', 'remove', 'retarget')
  const edits = fc.array(fc.record({ function: fc.nat(), at: fc.nat(), instruction, how }), {
    minLength: 1,
    maxLength: 3,
  })
  fc.assert(
    fc.property(edits, (all) => {
      const functions = decoded.functions.map((entry) => ({
        ...entry,
        list: decodeInstructions(entry.code, entry.name),
      }))
      for (const { function: which, at, instruction: made, how: way } of all) {
        const list = functions[which % functions.length]?.list ?? []
        const position = at % list.length
        const old = list[position] ?? made
        const inserted = way === 'remove' ? [] : [way === 'retarget' ? { ...made, op: old.op } : made]
        list.splice(position, way === 'insert' ? 0 : 1, ...inserted)
      }
      const edited = functions.map(({ list, ...entry }) => ({ ...entry, code: encodeInstructions(list) }))
      if (tryModule(encodeModule({ ...decoded, functions: edited })) === 'ran') ran++
    }),
    { numRuns: 5_000 },
  )
  expect(ran).toBeGreaterThan(20)
})

describe('calls inside each other', () => {
  /** So many functions, each with its own long list on the stack, each calling the one before. */
  const chain = (depth: number, locals: number): string => {
    const long = Array.from({ length: 480 }, (_, i) => i).join(', ')
    const lets = Array.from({ length: locals }, (_, i) => `let v${i} = x + ${i}`).join('\n')
    const functions = Array.from({ length: depth }, (_, i) => {
      const inner = i === 0 ? 'x' : `f${i - 1}(x)`
      return `function f${i}(x: int) returns int {\n${lets}\nlet long = [${long}]\nreturn ${inner} + long.length\n}`
    })
    return `${functions.join('\n')}\nview deep(x: int) returns int {\n return f${depth - 1}(x)\n}`
  }

  test('run as deep as they may be, each with as much as it may have', () => {
    expect(new Sample(chain(31, 10)).ask('deep', 1)).toBe(1 + 31 * 480)
  })

  test('are refused where their variables together are more than 16384', () => {
    expect(mistakesIn(chain(31, 60))).toEqual([
      'the machine does not accept this contract: contract sample: more than 16384 variables in functions inside each other',
    ])
  })
})

test('a value that is dropped does not become a call of what stands behind it', () => {
  const code = [
    ins(OP.LOCAL, 0),
    ins(OP.POP),
    ins(OP.LOCAL, 0),
    ins(OP.CONSTANT),
    ins(OP.LESS),
    ins(OP.POP),
    ins(OP.CONSTANT),
    ins(OP.RETURN),
  ]
  expect(tryModule(encodeModule(withCode(code)))).toBe('ran')
})
