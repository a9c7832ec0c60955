import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PublicKey } from '../types/brand.ts'
import { REDIAL_FIRST_MS, REDIAL_MAX_MS } from './limits.ts'
import { Redialer } from './redial.ts'

const peer = 'aa'.repeat(32) as PublicKey
const known = (...addresses: string[]) => [{ transportKey: peer, addresses }]

describe('Redialer', () => {
  let dials: { atMs: number; addresses: readonly string[] }[]
  let connected: boolean
  let succeed: boolean
  let redialer: Redialer

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
    dials = []
    connected = false
    succeed = false
    redialer = new Redialer({
      dial: async (_peer, addresses) => {
        dials.push({ atMs: Date.now(), addresses })
        if (!succeed) throw new Error('nobody there')
        connected = true
      },
      isConnected: () => connected,
      random: () => 0,
    })
  })
  afterEach(() => {
    redialer.stop()
    vi.useRealTimers()
  })

  const gaps = (): number[] => dials.slice(1).map(({ atMs }, index) => atMs - (dials[index]?.atMs ?? 0))

  it('dials at once, then with doubling pauses up to the cap, for ever', async () => {
    redialer.start()
    redialer.setPeers(known('here'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(dials[0]?.atMs).toBe(0)
    expect(gaps().slice(0, 3)).toEqual([1, 2, 4].map((factor) => factor * REDIAL_FIRST_MS))
    expect(new Set(gaps().slice(6))).toEqual(new Set([REDIAL_MAX_MS]))
    expect(dials.length).toBeGreaterThan(12)
  })

  it('starts again with the shortest pause once a connection proved useful', async () => {
    redialer.start()
    redialer.setPeers(known('here'))
    await vi.advanceTimersByTimeAsync(10_000)
    succeed = true
    await vi.advanceTimersByTimeAsync(REDIAL_MAX_MS)
    redialer.onUseful(peer)
    const before = dials.length
    connected = false
    redialer.onDisconnected(peer)
    await vi.advanceTimersByTimeAsync(REDIAL_FIRST_MS)
    expect(dials.length).toBe(before + 1)
  })

  it('a connection that never proved useful does not shorten the pauses', async () => {
    redialer.start()
    redialer.setPeers(known('here'))
    await vi.advanceTimersByTimeAsync(10_000)
    succeed = true
    await vi.advanceTimersByTimeAsync(REDIAL_MAX_MS)
    const before = dials.length
    connected = false
    redialer.onDisconnected(peer)
    await vi.advanceTimersByTimeAsync(REDIAL_MAX_MS - 1)
    expect(dials.length).toBe(before)
  })

  it('goes to a new address at once, and leaves a peer that is no longer known', async () => {
    redialer.start()
    redialer.setPeers(known('here'))
    await vi.advanceTimersByTimeAsync(10)
    redialer.setPeers(known('there'))
    await vi.advanceTimersByTimeAsync(10)
    expect(dials.map(({ addresses }) => addresses)).toEqual([['here'], ['there']])
    redialer.setPeers([])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(dials).toHaveLength(2)
  })

  it('waits for a peer without addresses to dial us', async () => {
    redialer.start()
    redialer.setPeers(known())
    await vi.advanceTimersByTimeAsync(60_000)
    expect(dials).toEqual([])
  })

  it('leaves no timer behind when it stops', async () => {
    redialer.start()
    redialer.setPeers(known('here'))
    await vi.advanceTimersByTimeAsync(1_000)
    redialer.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
