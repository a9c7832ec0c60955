import { beforeEach, describe, expect, it } from 'vitest'
import type { Seat } from '../types/brand.ts'
import { Freshness } from './freshness.ts'

const WINDOW_MS = 5_000

describe('a node is fresh', () => {
  let nowMs = 0
  let freshness: Freshness
  const isFreshAfter = (ms: number): boolean => {
    nowMs += ms
    return freshness.isFresh()
  }

  beforeEach(() => {
    nowMs = 1_000_000
    freshness = new Freshness({ clock: { nowMs: () => nowMs, random: () => 0 }, quorum: () => 3, windowMs: WINDOW_MS })
  })

  it('not before it has heard of anybody', () => {
    expect(freshness.isFresh()).toBe(false)
  })

  it('not by the word of its leader alone', () => {
    freshness.validating(true)
    for (let i = 0; i < 10; i++) freshness.reported(0 as Seat, nowMs)
    expect(freshness.isFresh()).toBe(false)
    freshness.reported(1 as Seat, nowMs)
    expect(freshness.isFresh()).toBe(true)
  })

  it('for the length of the window after the time of a certified head, whenever that came', () => {
    freshness.certified(nowMs - 2_000)
    expect(isFreshAfter(WINDOW_MS - 2_000)).toBe(true)
    expect(isFreshAfter(1)).toBe(false)
  })

  it('not by fetching old blocks', () => {
    freshness.certified(nowMs - WINDOW_MS - 1)
    expect(freshness.isFresh()).toBe(false)
  })

  it('not longer because a block or status comes from a clock that runs ahead', () => {
    freshness.certified(nowMs + 60_000)
    for (const validator of [0, 1, 2]) freshness.reported(validator as Seat, nowMs + 60_000)
    expect(isFreshAfter(WINDOW_MS)).toBe(true)
    expect(isFreshAfter(1)).toBe(false)
  })

  it('not by an older block after a newer one', () => {
    freshness.certified(nowMs)
    freshness.certified(nowMs - 4_000)
    expect(isFreshAfter(WINDOW_MS)).toBe(true)
  })

  it('not by what it heard before its clock was set back, but by what it hears then', () => {
    freshness.certified(nowMs)
    nowMs -= 3_600_000
    expect(freshness.isFresh()).toBe(false)
    freshness.certified(nowMs)
    expect(freshness.isFresh()).toBe(true)
  })

  it('while a quorum of different validators reports heads that are not above its own', () => {
    freshness.reported(0 as Seat, nowMs)
    freshness.reported(1 as Seat, nowMs)
    freshness.reported(1 as Seat, nowMs)
    expect(freshness.isFresh()).toBe(false)
    freshness.reported(2 as Seat, nowMs - 1_000)
    expect(isFreshAfter(WINDOW_MS - 1_000)).toBe(true)
    expect(isFreshAfter(1)).toBe(false)
  })

  it('as a validator only with the rest of its quorum', () => {
    freshness.validating(true)
    freshness.reported(0 as Seat, nowMs)
    expect(freshness.isFresh()).toBe(false)
    freshness.reported(1 as Seat, nowMs)
    expect(freshness.isFresh()).toBe(true)
    freshness.validating(false)
    expect(freshness.isFresh()).toBe(false)
  })

  it('always, where it is the whole consortium', () => {
    const alone = new Freshness({
      clock: { nowMs: () => nowMs, random: () => 0 },
      quorum: () => 1,
      windowMs: WINDOW_MS,
    })
    alone.validating(true)
    nowMs += 3_600_000
    expect(alone.isFresh()).toBe(true)
  })
})
