import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ClientError } from '../client/errors.ts'
import { LedgerError } from '../ledger/errors.ts'
import { VaultError } from '../vault/errors.ts'
import { UsageError } from './output.ts'
import { CallRefusedError } from './submit.ts'
import { describeError, isUserError } from './user-error.ts'

const refused = (refusal: object) =>
  new ClientError('REFUSED', 'node: method: CODE: meaning', { refusal: { code: 'CODE', ...refusal } })

const missingFile = (): unknown => {
  try {
    return readFileSync('/no/such/file')
  } catch (error) {
    return error
  }
}

describe('isUserError()', () => {
  it.each<[error: unknown, expected: boolean]>([
    [new UsageError('--from: expected a date'), true],
    [new LedgerError('DATA_OTHER_CHAIN', 'x'), true],
    [new LedgerError('TOO_MANY_UNCOMMITTED', 'x'), false],
    [new VaultError('WRONG_KEY', 'x'), true],
    [new VaultError('TAMPERED', 'x'), false],
    [new ClientError('BAD_ARGUMENT', 'x'), true],
    [refused({}), false],
    [new CallRefusedError('x'), false],
    [missingFile(), true],
    [new Error('a bug'), false],
  ])('%o: %s', (error, expected) => {
    expect(isUserError(error)).toBe(expected)
  })
})

describe('describeError()', () => {
  it('says what to do about a refusal', () => {
    expect(describeError(refused({ action: 'Sign a new read.' }))).toBe(
      'node: method: CODE: meaning\n  what to do: Sign a new read.',
    )
  })

  it('says a known reason in words instead', () => {
    expect(describeError(refused({ reason: 'REVOKED', action: 'Ask.' }))).toBe(
      'node: method: CODE: meaning\n  reason: the consent was withdrawn (REVOKED)',
    )
  })

  it('lists the elements of a refused resource', () => {
    const problems = [{ path: 'Patient.identifier', reason: 'missing', accepted: 'one' }]
    expect(describeError(refused({ problems, action: 'Correct them.' }))).toBe(
      'node: method: CODE: meaning\n  Patient.identifier: missing; accepted: one',
    )
  })

  it('names the path of what the operating system refused', () => {
    expect(describeError(missingFile())).toBe('/no/such/file: ENOENT, cannot open')
  })
})
