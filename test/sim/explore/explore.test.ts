import { describe, expect, it } from 'vitest'
import { explore } from './explore.ts'

describe('explore()', () => {
  it('visits everything that four members, one of them a liar, can do in one term at one height, and finds no fork', () => {
    const { states, exhausted, fork } = explore({ members: 4, terms: 1, heights: 1, statesMax: 100_000 })
    expect(fork).toBeNull()
    expect(exhausted).toBe(true)
    expect(states).toBeGreaterThan(10_000)
  })

  it('finds the fork that one liar among three can make, step by step, and proves who lied', () => {
    const { fork } = explore({ members: 3, terms: 1, heights: 1, statesMax: 100_000 })
    expect(fork?.blocks?.map(({ header }) => header.proposer)).toEqual([2, 2])
    expect(fork?.guilty).toEqual([2])
  })

  it('stops where it is told to', () => {
    const { states, exhausted } = explore({ members: 4, terms: 2, heights: 2, statesMax: 1_000 })
    expect(states).toBeGreaterThanOrEqual(1_000)
    expect(exhausted).toBe(false)
  })
})
