import { describe, expect, test } from 'vitest'
import { isTimeZone, spanOf } from './period.ts'

const HOUR = 3_600_000
const span = (text: string, timeZone: string) => {
  const found = spanOf(text, timeZone)
  return found && [new Date(found.from).toISOString(), new Date(found.to).toISOString()]
}

describe('spanOf()', () => {
  test.each([
    ['2022-12-31', 'Europe/Berlin', '2022-12-30T23:00:00.000Z', '2022-12-31T23:00:00.000Z'],
    ['2022-12-31', 'America/New_York', '2022-12-31T05:00:00.000Z', '2023-01-01T05:00:00.000Z'],
    ['2022-12-31', 'Pacific/Kiritimati', '2022-12-30T10:00:00.000Z', '2022-12-31T10:00:00.000Z'],
    ['2022', 'UTC', '2022-01-01T00:00:00.000Z', '2023-01-01T00:00:00.000Z'],
    ['2022', 'Europe/Berlin', '2021-12-31T23:00:00.000Z', '2022-12-31T23:00:00.000Z'],
    ['2024-02', 'UTC', '2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2024-02-29', 'UTC', '2024-02-29T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2023-12', 'Asia/Kolkata', '2023-11-30T18:30:00.000Z', '2023-12-31T18:30:00.000Z'],
  ])('takes %s in %s for the local span of that precision', (text, zone, from, to) => {
    expect(span(text, zone)).toEqual([from, to])
  })

  test.each([
    ['2024-03-31', 'Europe/Berlin', 23],
    ['2024-10-27', 'Europe/Berlin', 25],
    ['2024-03-10', 'America/New_York', 23],
    ['2024-11-03', 'America/New_York', 25],
    ['2024-04-07', 'Australia/Lord_Howe', 24.5],
  ])('gives the day %s in %s its %s hours', (text, zone, hours) => {
    const found = spanOf(text, zone)
    expect(found && (found.to - found.from) / HOUR).toBe(hours)
  })

  test('starts a day whose midnight the clock change swallows at its first instant', () => {
    expect(span('2018-11-04', 'America/Sao_Paulo')?.[0]).toBe('2018-11-04T03:00:00.000Z')
  })

  test('gives a day that a zone skipped no time at all', () => {
    const found = spanOf('2011-12-30', 'Pacific/Apia')
    expect(found?.from).toBe(found?.to)
  })

  test.each([
    ['2023-05-01T10:00:00Z', '2023-05-01T10:00:00.000Z', 1000],
    ['2023-05-01T10:00:00+02:00', '2023-05-01T08:00:00.000Z', 1000],
    ['2023-05-01T10:00:00.5Z', '2023-05-01T10:00:00.500Z', 100],
    ['2023-05-01T10:00:00.123Z', '2023-05-01T10:00:00.123Z', 1],
    ['2023-05-01T10:00:00.123456Z', '2023-05-01T10:00:00.123Z', 1],
  ])('takes the time %s for its last written digit', (text, from, length) => {
    const found = spanOf(text, 'Europe/Berlin')
    expect(found).toEqual({ from: Date.parse(from), to: Date.parse(from) + length })
  })

  test.each([
    '',
    '22-01-01',
    '2022-1-1',
    '2022-13',
    '2022-02-30',
    '2023-02-29',
    '2022-01-01T10:00Z',
    '2022-01-01T10:00:00',
    '2022-01-01T24:00:00Z',
    '2016-12-31T23:59:60Z',
    '2022-01-01T10:00:00[Europe/Berlin]',
    '20220101',
    '2022-01-01 ',
  ])('refuses %j', (text) => {
    expect(spanOf(text, 'UTC')).toBeUndefined()
  })
})

describe('isTimeZone()', () => {
  test.each([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['Mars/Olympus', false],
    ['+01:00', false],
    ['', false],
  ])('says of %j: %s', (zone, is) => {
    expect(isTimeZone(zone)).toBe(is)
  })
})
