import { describe, expect, it } from 'vitest'
import type { IdentityId } from '../types/brand.ts'
import { consentLines } from './consent-lines.ts'
import type { Clause, Consent } from './contract-answers.ts'
import { clauseInWords, purposeInWords, reasonInWords } from './words.ts'

const A = 'a'.repeat(64) as IdentityId
const P = 'b'.repeat(64) as IdentityId
const founders = [{ name: 'Hospital A', institution: A }]
const root: Clause = { type: 'permit', recipients: [], purposes: ['TREAT'], from: null, to: null, limited: false }

describe('clauseInWords()', () => {
  it('says who may, for what, until when', () => {
    const to = Date.parse('2027-01-01T00:00Z')
    const recipients = [
      { kind: 'institution', id: A, at: null },
      { kind: 'personAt', id: P, at: A },
      { kind: 'group', id: P, at: null },
    ] as const
    expect(clauseInWords({ ...root, recipients: [...recipients], to, limited: true }, founders)).toBe(
      'permits treatment (TREAT) to Hospital A, bbbbbbbbbbbb at Hospital A, group bbbbbbbbbbbb until ' +
        '2027-01-01T00:00:00Z within data limits',
    )
  })

  it('says what nothing stated means', () => {
    expect(clauseInWords({ ...root, type: 'deny', purposes: ['PurposeOfUse'] }, founders)).toBe(
      'denies every purpose but break-glass to all members',
    )
  })
})

describe('codes in words', () => {
  it('an unknown code stands for itself', () => {
    expect(purposeInWords('NEWCODE')).toBe('NEWCODE')
    expect(reasonInWords('REVOKED')).toBe('the consent was withdrawn (REVOKED)')
    expect(reasonInWords('SOMETHING')).toBe('SOMETHING')
  })
})

describe('consentLines()', () => {
  const consent = (changes: Partial<Consent>, registeredAt = 0): Consent => ({
    consent: P,
    patient: P,
    custodian: A,
    version: 1,
    status: 'active',
    endedAt: null,
    terms: { attested: false, delegation: null, recorder: null, registeredAt, clauses: [root] },
    ...changes,
  })

  it('lists those in force first, with exceptions below the root', () => {
    const exception: Clause = { ...root, type: 'deny', purposes: ['HRESCH'] }
    const terms = { attested: true, delegation: null, recorder: A, registeredAt: 5, clauses: [root, exception] }
    const lines = consentLines([consent({ status: 'revoked', endedAt: 9 }), consent({ version: 2, terms })], founders)
    expect(lines).toEqual([
      P,
      '  active, version 2, at Hospital A, attested by Hospital A, 1970-01-01T00:00:00.005Z',
      '  permits treatment (TREAT) to all members',
      '  except: denies research (HRESCH) to all members',
      '',
      P,
      '  revoked at 1970-01-01T00:00:00.009Z, version 1, at Hospital A, signed by the patient, 1970-01-01T00:00:00Z',
      '  permits treatment (TREAT) to all members',
    ])
  })

  it('says so where there are none', () => {
    expect(consentLines([], founders)).toEqual(['No consents.'])
  })
})
