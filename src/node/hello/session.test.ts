import { describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { type Hello, isRivalOf } from './messages.ts'
import { sessionOf } from './session.ts'

describe('the session of a start', () => {
  const hello = (right: object): Hello =>
    ({ chainId: 'c1', seat: 1, incarnation: 7, session: sessionOf(right, systemClock) }) as unknown as Hello

  it('stays while the sign-state is open: whoever follows for a while and signs again is not its own rival', () => {
    const right = {}
    expect(isRivalOf(hello(right), hello(right))).toBe(false)
    expect(sessionOf(right, systemClock)).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is another one for every opening, so that of two that are counted alike one is told', () => {
    expect(isRivalOf(hello({}), hello({}))).toBe(true)
  })
})
