import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PublicKey } from '../types/brand.ts'
import { STRANGER_HOSTS_MAX, STRANGER_KNOCKS_MAX, STRANGER_MS, STRANGER_REFILL_MS, STRANGERS_MAX } from './limits.ts'
import { Strangers } from './strangers.ts'

const key = (number: number): PublicKey => number.toString(16).padStart(64, '0') as PublicKey
let nowMs: number
let strangers: Strangers
const knocks = (host: string): boolean => strangers.mayKnock(host)

beforeEach(() => {
  vi.useFakeTimers()
  nowMs = 0
  strangers = new Strangers({ nowMs: () => nowMs })
})
afterEach(() => vi.useRealTimers())

describe('strangers', () => {
  it('are few at once; who leaves makes room', () => {
    for (let i = 0; i < STRANGERS_MAX; i++) expect(strangers.enter(key(i), () => undefined)).toBe(true)
    expect(strangers.enter(key(99), () => undefined)).toBe(false)
    expect(knocks('198.51.100.7')).toBe(false)
    strangers.leave(key(3))
    expect(knocks('198.51.100.7')).toBe(true)
    expect(strangers.enter(key(99), () => undefined)).toBe(true)
  })

  it('stay for a moment; who is a stranger no more is left alone', () => {
    const over: number[] = []
    for (const i of [1, 2]) strangers.enter(key(i), () => over.push(i))
    strangers.leave(key(2))
    vi.advanceTimersByTime(STRANGER_MS)
    expect(over).toEqual([1])
  })

  it('of one host come so often, and then slowly; those of another are not held back by them', () => {
    for (let i = 0; i < STRANGER_KNOCKS_MAX; i++) expect(knocks('198.51.100.7')).toBe(true)
    expect(knocks('198.51.100.7')).toBe(false)
    expect(knocks('198.51.100.8')).toBe(true)
    nowMs += STRANGER_REFILL_MS
    expect([knocks('198.51.100.7'), knocks('198.51.100.7')]).toEqual([true, false])
    nowMs += 1_000 * STRANGER_REFILL_MS
    const again = Array.from({ length: STRANGER_KNOCKS_MAX + 1 }, () => knocks('198.51.100.7'))
    expect(again.filter((isHeard) => isHeard)).toHaveLength(STRANGER_KNOCKS_MAX)
  })

  it('of more hosts than are counted wait until old ones are forgotten', () => {
    for (let i = 0; i < STRANGER_HOSTS_MAX; i++) expect(knocks(`host ${i}`)).toBe(true)
    expect([knocks('one more'), knocks('host 0')]).toEqual([false, true])
    nowMs += STRANGER_KNOCKS_MAX * STRANGER_REFILL_MS
    expect(knocks('one more')).toBe(true)
  })
})
