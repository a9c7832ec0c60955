import { describe, expect, it } from 'vitest'
import type { Epoch, Seat } from '../types/brand.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import { SignatureTally } from './signature-tally.ts'

const setOf = (...seats: number[]): ValidatorSet => ({
  epoch: 0 as Epoch,
  b: 0,
  members: seats.map((seat) => ({
    seat: seat as Seat,
    institution: '' as never,
    consensusKey: '' as never,
    governanceKey: '' as never,
  })),
})
const signedBy = (...seats: number[]) => ({
  signatures: seats.map((seat) => ({ member: seat as Seat, signature: new Uint8Array(64) })),
})

describe('SignatureTally', () => {
  it('counts in the latest certificates who signed, and since start who did not', () => {
    const tally = new SignatureTally()
    tally.certified(signedBy(0, 1), setOf(0, 1, 2))
    for (let i = 0; i < 100; i++) tally.certified(signedBy(0, 2), setOf(0, 1, 2))
    expect([0, 1, 2].map((seat) => tally.of(seat as Seat))).toEqual([
      { signed: 100, of: 100 },
      { signed: 0, of: 100 },
      { signed: 100, of: 100 },
    ])
    expect(tally.certificates).toBe(101)
    expect([...tally.missing]).toEqual([
      [2, 1],
      [1, 100],
    ])
  })

  it('expects nothing of who had no seat in the epoch', () => {
    const tally = new SignatureTally()
    tally.certified(signedBy(0, 1), setOf(0, 1))
    tally.certified(signedBy(0, 3), setOf(0, 3))
    expect(tally.of(1 as Seat)).toEqual({ signed: 1, of: 1 })
    expect(tally.of(3 as Seat)).toEqual({ signed: 1, of: 1 })
    expect(tally.of(7 as Seat)).toEqual({ signed: 0, of: 0 })
    expect(tally.missing.size).toBe(0)
  })
})
