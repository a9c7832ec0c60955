// spec/clause.md says what the code does: its example compiles and runs, its tables are those of the machine.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bytes32, Sample, SENDER } from '../clause.test-support.ts'
import { OPERATIONS } from '../vm/instruction.ts'
import { MACHINE_CODES } from '../vm/refusal.ts'
import { RESERVED } from './token.ts'

const specification = readFileSync(new URL('../../../spec/clause.md', import.meta.url), 'utf8')

/** The cells of every row of the table under a heading. */
function tableUnder(heading: string): string[][] {
  const section = specification.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    row
      .replaceAll('\\|', 'or')
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

test('the complete contract compiles and does what it says', () => {
  const example = specification.match(/```clause\n(contract consent version 1[\s\S]*?)```/)?.[1] as string
  const registry = 'view isActive(who: id) returns bool {\n return who == who\n}'
  // The sample's first contract is called `sample`: the example's registry.
  const text = example.replace('contract consent version 1', '').replaceAll('registry', 'sample')
  const sample = new Sample(registry, text)
  const patient = Uint8Array.fromHex(SENDER)
  const terms = [patient, bytes32(2), [bytes32(3)], ['TREAT']]
  expect(sample.act('second.register', bytes32(1), ...terms, 0, null)).toBe(1)
  expect(sample.act('second.register', bytes32(1), ...terms, 0, null)).toBe('CONSENT_EXISTS')
  expect(sample.call('second.register', bytes32(9), ...terms, 5, 5)).toMatchObject({ detail: 'validTo' })
  const asks = (recipient: number, purpose: string) =>
    sample.ask('second.permits', patient, bytes32(2), bytes32(recipient), purpose)
  expect([asks(3, 'TREAT'), asks(3, 'HRESCH'), asks(4, 'TREAT')]).toEqual([true, false, false])
  sample.act('second.revoke', bytes32(1))
  expect(asks(3, 'TREAT')).toBe(false)
})

test('every instruction stands in the table with its price', () => {
  const priced = tableUnder('Bytecode').flatMap(([names, , gas]) =>
    [...(names as string).replaceAll('`', '').matchAll(/[A-Z][A-Z_]+/g)].map(([name]) => `${name} ${gas}`),
  )
  expect(priced).toEqual(OPERATIONS.map(({ name, gas }) => `${name} ${gas}`))
})

test('every refusal of the machine stands in the table', () => {
  const codes = tableUnder('Refusals of the machine').flatMap(([names]) =>
    [...(names as string).matchAll(/[A-Z_]{4,}/g)].map(([code]) => code),
  )
  expect(codes.toSorted()).toEqual([...MACHINE_CODES].toSorted())
})

test('the reserved words are those of the lexer', () => {
  const listed = specification.match(/Reserved words: `([^`]*)`/)?.[1]?.split(/\s+/)
  expect(listed).toEqual([...RESERVED])
})
