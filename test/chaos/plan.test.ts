import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FAULT_KINDS, planFaults } from './plan.ts'

const options = { seed: 1, durationMs: 120_000, nodes: 5, kinds: FAULT_KINDS }
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

describe('planFaults()', () => {
  it('plans the same for the same seed, and something else for another', () => {
    expect(planFaults(options)).toEqual(planFaults(options))
    expect(planFaults({ ...options, seed: 2 })).not.toEqual(planFaults(options))
  })

  it('has every kind within two minutes, whatever the seed', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const kinds = new Set(planFaults({ ...options, seed }).map(({ fault }) => fault.kind))
        expect(kinds.size).toBe(FAULT_KINDS.length)
      }),
    )
  })

  it('ends every fault before the run does, and never does two things to processes at once', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const plan = planFaults({ ...options, seed })
        for (const { atMs, forMs } of plan) expect(atMs + forMs).toBeLessThanOrEqual(options.durationMs)
        const done = plan.filter(({ fault }) => fault.kind !== 'partition' && fault.kind !== 'slowLink')
        for (const [i, { atMs, forMs }] of done.entries()) {
          expect(done[i + 1]?.atMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(atMs + forMs)
        }
      }),
    )
  })

  it('chooses among the kinds asked for', () => {
    const plan = planFaults({ ...options, kinds: ['pause', 'slowLink'] })
    expect(new Set(plan.map(({ fault }) => fault.kind))).toEqual(new Set(['pause', 'slowLink']))
  })

  it('a split leaves somebody on both sides', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        for (const { fault } of planFaults({ ...options, seed, kinds: ['partition'] })) {
          if (fault.kind !== 'partition' || fault.cut.shape !== 'split') continue
          expect(fault.cut.side.length).toBeGreaterThan(0)
          expect(fault.cut.side.length).toBeLessThan(options.nodes)
        }
      }),
    )
  })
})
