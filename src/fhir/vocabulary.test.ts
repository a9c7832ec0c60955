// The codes at the border are those that the contracts know, and that spec/consent.md shows.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Consortium } from '../contracts/builtin/consortium.test-support.ts'
import { PURPOSES, ROLES } from './vocabulary.ts'

const consortium = new Consortium()
const page = readFileSync(new URL('../../spec/consent.md', import.meta.url), 'utf8')

test('every purpose is one of the policy contract', () => {
  for (const purpose of PURPOSES.values()) {
    expect([purpose, consortium.ask('policy.isPurpose', { purpose })]).toEqual([purpose, true])
  }
})

test('roles come from the codes that spec/consent.md lists, and from no other', () => {
  const [, roles = ''] = page.split('\n### Roles\n')
  const [, practitionerRole = ''] = /practitioner-role is `([^`]+)`/.exec(roles) ?? []
  const [, nucc = ''] = /NUCC is `([^`]+)`/.exec(roles) ?? []
  const listed = [...roles.matchAll(/^\| `(\w+)` \|[^|]*\|[^|]*\|(.*)\|$/gm)].flatMap(([, role = '', codes = '']) =>
    [...codes.matchAll(/(practitioner-role\\\||NUCC )(\w+)/g)].map(([, system, code]) => {
      return [`${system === 'NUCC ' ? nucc : practitionerRole}|${code}`, role] as const
    }),
  )
  expect(listed.length).toBeGreaterThan(5)
  expect(new Map(ROLES)).toEqual(new Map(listed))
  for (const role of ROLES.values()) expect(consortium.ask('policy.isRole', { role })).toBe(true)
})
