import { describe, expect, it } from 'vitest'
import { instant, newPath, oneOf, wholeNumber } from './option-values.ts'

describe('instant()', () => {
  it.each([
    ['2027-01-31', '2027-01-31T00:00:00.000Z'],
    ['2027-01-31T08:00:00+01:00', '2027-01-31T07:00:00.000Z'],
    ['2027-01-31T08:00Z', '2027-01-31T08:00:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(new Date(instant(text, '--from')).toISOString()).toBe(expected)
  })

  it.each([
    '31.01.2027',
    '2027-01',
    '2027-01-31T08:00',
    '2027-02-30',
    '2027-02-30T08:00:00+01:00',
    '2027-13-01',
    '2027-01-31T25:00Z',
    '1969-12-31',
    '+012027-01-01',
    '',
    'tomorrow',
  ])('refuses "%s", naming the option and what is accepted', (text) => {
    expect(() => instant(text, '--to')).toThrow(/^--to: expected a date \(2027-01-31\) or a time with zone/)
  })
})

describe('wholeNumber()', () => {
  it('reads digits', () => {
    expect(wholeNumber('0', { option: '--seed' })).toBe(0)
    expect(wholeNumber('9007199254740991', { option: '--seed' })).toBe(Number.MAX_SAFE_INTEGER)
  })

  it.each(['-1', '1.5', '1e3', '0x10', ' 1', '', '9007199254740992'])('refuses "%s"', (text) => {
    expect(() => wholeNumber(text, { option: '--decision', min: 1 })).toThrow(
      '--decision: expected a whole number >= 1',
    )
  })

  it('refuses what is below the least accepted', () => {
    expect(() => wholeNumber('0', { option: '--decision', min: 1 })).toThrow('>= 1')
  })
})

describe('oneOf()', () => {
  it('lists what is accepted', () => {
    const options = { option: '--reason', accepted: ['ownData', 'review'] } as const
    expect(oneOf('review', options)).toBe('review')
    expect(() => oneOf('Review', options)).toThrow('--reason: expected ownData, review')
  })
})

describe('newPath()', () => {
  it('refuses what exists', () => {
    expect(() => newPath(import.meta.dirname, '--out')).toThrow(/^--out: .* exists already/)
    expect(newPath(`${import.meta.dirname}/nothing-here`, '--out')).toContain('nothing-here')
  })
})
