import { expect, test } from 'vitest'
import { contractText } from '../clause.test-support.ts'
import { compile } from '../lang/compile.ts'
import { disassemble } from './disassemble.ts'

test('a module as text names what its instructions refer to', () => {
  const text = contractText(`
refusal TAKEN "It is taken."
event Stored(entry: id)
state entries: map<(owner: id, entry: id), int>
action store(entry: id) {
  require entries[sender, entry] is none else TAKEN about entry
  entries[sender, entry] = 1
  emit Stored(entry)
}
view count(owner: id) returns int {
  var count = 0
  for (entry) in entries[owner, ...] max 8 {
    count = count + 1
  }
  return count
}`)
  const { bytes } = compile([{ name: 'sample.clause', text }])[0] as { bytes: Uint8Array }
  expect(disassemble(bytes)).toBe(`contract sample version 1
state entries[owner: id, entry: id]: int
event Stored(entry: id)
action store(entry)
view count(owner)

function store(id): nothing
     0  SENDER
     1  LOCAL            local 0
     2  HAS              entries
     3  NOT
     4  REQUIRE          TAKEN about entry
     5  SENDER
     6  LOCAL            local 0
     7  CONSTANT         1
     8  PUT              entries
     9  LOCAL            local 0
    10  EMIT             Stored
    11  RETURN

function count(id): int
     0  CONSTANT         0
     1  SET_LOCAL        local 1
     2  LOCAL            local 0
     3  SCAN             slot 0 entries max 8
     4  NEXT_ENTRY       slot 0 -> 11
     5  SET_LOCAL        local 2
     6  LOCAL            local 1
     7  CONSTANT         1
     8  ADD
     9  SET_LOCAL        local 1
    10  REPEAT           -> 4
    11  LOCAL            local 1
    12  RETURN
`)
})
