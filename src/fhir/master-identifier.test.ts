import { expect, test } from 'vitest'
import { readMasterIdentifier } from './master-identifier.ts'
import { Problems } from './problem.ts'

const SYSTEM = 'http://hospital.example/mrn'
const read = (identifier: unknown) => {
  const problems = new Problems()
  const found = readMasterIdentifier({ identifier }, { type: 'Patient', system: SYSTEM, problems })
  return found ?? problems.list.map(({ path, code }) => [path, code])
}

test('readMasterIdentifier() takes the identifier of the configured system and passes over the others', () => {
  expect(
    read([
      { system: 'x', value: '1' },
      { system: SYSTEM, value: '2' },
    ]),
  ).toEqual({ system: SYSTEM, value: '2' })
})

test.each([
  ['none of that system', [{ system: `${SYSTEM}/`, value: '1' }], 'Patient.identifier', 'required'],
  ['one without a value', [{ system: SYSTEM }], 'Patient.identifier[0].value', 'required'],
  [
    'two that differ',
    [
      { system: SYSTEM, value: '1' },
      { system: SYSTEM, value: '2' },
    ],
    'Patient.identifier',
    'conflict',
  ],
])('readMasterIdentifier() refuses a Patient with %s', (_, identifier, path, code) => {
  expect(read(identifier)).toEqual([[path, code]])
})
