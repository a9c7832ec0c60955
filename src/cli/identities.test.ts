import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createPersonFile } from '../node/person-file.ts'
import type { IdentityId } from '../types/brand.ts'
import { institutionFrom, nameOf, personFrom } from './identities.ts'
import { referenceMap } from './reference-option.ts'

const A = 'a'.repeat(64) as IdentityId
const B = 'b'.repeat(64) as IdentityId
const founders = [
  { name: 'Hospital A', institution: A },
  { name: 'Laboratory', institution: B },
]
const folder = mkdtempSync(join(tmpdir(), 'assent-identities-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'person.json')
const person = createPersonFile(file).identity

describe('institutionFrom()', () => {
  it('takes a name in any case, or an id', () => {
    expect(institutionFrom('hospital a', { founders, option: '--custodian' })).toBe(A)
    expect(institutionFrom(B, { founders, option: '--custodian' })).toBe(B)
  })

  it('lists the names that it would have accepted', () => {
    expect(() => institutionFrom('Hospital X', { founders, option: '--custodian' })).toThrow(
      '--custodian: expected "Hospital A", "Laboratory", or an id of 64 lowercase hex characters',
    )
  })
})

describe('institutions of one name', () => {
  const namesakes = [...founders, { name: 'Laboratory', institution: 'c'.repeat(64) as IdentityId }]

  it('are shown with their ids, and found by them alone', () => {
    expect(nameOf(B, namesakes)).toBe('Laboratory (bbbbbbbbbbbb)')
    expect(nameOf(A, namesakes)).toBe('Hospital A')
    expect(institutionFrom(B, { founders: namesakes, option: '--to' })).toBe(B)
    expect(() => institutionFrom('laboratory', { founders: namesakes, option: '--to' })).toThrow(
      '--to: several institutions have this name; expected an id',
    )
  })
})

describe('personFrom()', () => {
  it('takes an id, or @FILE of a key file', () => {
    expect(personFrom(A, '--patient')).toBe(A)
    expect(personFrom(`@${file}`, '--patient')).toBe(person)
  })

  it.each(['Smith', A.toUpperCase(), A.slice(1)])('refuses "%s" without repeating it', (text) => {
    expect(() => personFrom(text, '--patient')).toThrow(/^--patient: expected @FILE of a person's key file, or an id/)
    expect(() => personFrom(text, '--patient')).not.toThrow(text)
  })
})

describe('nameOf()', () => {
  it('names institutions and shortens everybody else', () => {
    expect(nameOf(A, founders)).toBe('Hospital A')
    expect(nameOf('c'.repeat(64), founders)).toBe('c'.repeat(12))
  })
})

describe('referenceMap()', () => {
  const of = (...reference: string[]) => referenceMap({ reference }, founders)

  it('reads every kind', () => {
    expect(
      of(
        `Patient/1=patient:@${file}`,
        `Practitioner/2=practitioner:${B}`,
        `PractitionerRole/3=practitionerRole:@${file}@Hospital A`,
        'Organization/4=organization:Hospital A',
        `Group/5=group:${B}`,
        `RelatedPerson/6=delegation:${B}`,
      ),
    ).toEqual({
      'Patient/1': { kind: 'patient', id: person },
      'Practitioner/2': { kind: 'practitioner', id: B },
      'PractitionerRole/3': { kind: 'practitionerRole', id: person, at: A },
      'Organization/4': { kind: 'organization', id: A },
      'Group/5': { kind: 'group', id: B },
      'RelatedPerson/6': { kind: 'delegation', id: B },
    })
  })

  it.each([
    ['Patient/1', 'expected Type/id=KIND:WHO'],
    ['=patient:x', 'expected Type/id=KIND:WHO'],
    [`Patient/1=person:${A}`, 'KIND one of patient, practitioner'],
    ['Patient/1=patient:', 'expected Type/id=KIND:WHO'],
    ['Patient/1=patient:Smith', "expected @FILE of a person's key file"],
    [`PractitionerRole/3=practitionerRole:${A}`, 'expected PERSON@INSTITUTION'],
    ['Organization/4=organization:Elsewhere', 'expected "Hospital A", "Laboratory"'],
    ['Group/5=group:nurses', 'the id of a registered group'],
  ])('refuses %s', (reference, message) => {
    expect(() => of(reference)).toThrow(/^--reference: /)
    expect(() => of(reference)).toThrow(message)
  })
})
