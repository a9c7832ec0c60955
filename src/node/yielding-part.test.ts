import { describe, expect, test } from 'vitest'
import type { PublicKey } from '../types/brand.ts'
import type { Clock } from './clock.ts'
import { ABSENT } from './part.ts'
import { yieldingPart } from './yielding-part.ts'

const peers = ['a', 'b', 'c'].map((name) => name.repeat(64) as PublicKey) as [PublicKey, PublicKey, PublicKey]

function follow() {
  const now = { ms: 0 }
  const heights: number[] = []
  let crowded = 0
  const clock: Clock = { nowMs: () => now.ms, random: () => 0 }
  const part = yieldingPart(
    { ...ABSENT, heardHeader: (height) => heights.push(height) },
    {
      clock,
      onCrowded: () => {
        crowded++
      },
    },
  )
  const lose = (peer: PublicKey, times: number): void => {
    for (let i = 0; i < times; i++) {
      part.peerChanged(peer, 'connected')
      part.peerChanged(peer, 'disconnected')
    }
  }
  return { part, now, heights, lose, crowded: () => crowded }
}

describe('yieldingPart()', () => {
  test('leaves when the connections to one peer do not last, once, and hears nothing more', () => {
    const { part, heights, lose, crowded } = follow()
    part.heardHeader(1)
    lose(peers[0], 3)
    part.heardHeader(2)
    lose(peers[0], 5)
    expect(crowded()).toBe(1)
    expect(heights).toEqual([1])
  })

  test('stays while peers restart, one after the other or all at once', () => {
    const { part, now, heights, lose, crowded } = follow()
    for (const peer of peers) lose(peer, 2)
    now.ms = 31_000
    for (const peer of peers) lose(peer, 2)
    expect(crowded()).toBe(0)
    part.heardHeader(7)
    expect(heights).toEqual([7])
  })
})
