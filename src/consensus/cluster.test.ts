// The core under chance: seeded runs of whole groups. The simulator of whole nodes checks the same laws.

import { describe, expect, it, vi } from 'vitest'
import { Cluster, type Faults, NO_FAULTS } from './cluster.test-support.ts'

const FAULTS: Faults = { loss: 0.05, repetition: 0.05, disconnect: 0.004, crash: 0.004, delayMaxMs: 60 }

// Alone on a quiet machine each takes some seconds; beside everything else, much longer.
vi.setConfig({ testTimeout: 240_000 })

describe('a group', () => {
  for (const { memberCount, seeds } of [
    { memberCount: 1, seeds: 8 },
    { memberCount: 2, seeds: 16 },
    { memberCount: 3, seeds: 32 },
    { memberCount: 4, seeds: 32 },
  ]) {
    it(`of ${memberCount} certifies block after block on a good network`, () => {
      const cluster = new Cluster({ memberCount, seed: memberCount, faults: NO_FAULTS, throughBytes: true })
      cluster.run(10_000)
      expect(cluster.laws.violations).toEqual([])
      expect(cluster.misbehaviours).toEqual([])
      expect(cluster.evidence).toEqual([])
      expect(Math.min(...cluster.heights())).toBeGreaterThan(50)
    })

    it(`of ${memberCount} never forks under crashes and a bad network, and goes on when they end`, () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const cluster = new Cluster({ memberCount, seed, faults: FAULTS, throughBytes: seed % 10 === 0 })
        cluster.run(9_000)
        cluster.heal()
        cluster.run(7_000)
        const before = Math.max(...cluster.heights())
        cluster.run(3_000)
        cluster.checkAckedSurvive()
        expect(cluster.laws.violations).toEqual([])
        expect(cluster.misbehaviours).toEqual([])
        expect(cluster.evidence).toEqual([])
        if (seed % 8 === 1) expect(cluster.guilty()).toEqual([])
        expect(Math.min(...cluster.heights()), `progress of seed ${seed}`).toBeGreaterThan(before)
      }
    })
  }
})

describe('a liar that runs twice with one key and one leadership', () => {
  it('does not fork a group of 4 with q = 3, nobody else is accused, and without it the group frees itself', () => {
    let equivocations = 0
    let proofs = 0
    for (let seed = 1; seed <= 40; seed++) {
      const liar = seed % 4
      const cluster = new Cluster({ memberCount: 4, seed, faults: { ...FAULTS, crash: 0.001 }, liar })
      cluster.run(10_000)
      cluster.checkAckedSurvive()
      expect(cluster.laws.violations).toEqual([])
      expect(cluster.misbehaviours.filter(({ member }) => member !== liar)).toEqual([])
      expect(cluster.evidence.filter(({ accused }) => accused.join() !== `${liar}`)).toEqual([])
      expect(cluster.guilty().filter((member) => member !== liar)).toEqual([])
      proofs += cluster.evidence.length
      equivocations += cluster.misbehaviours.filter(({ what }) => what === 'equivocation').length
      cluster.heal()
      cluster.run(12_000)
      const before = Math.max(...cluster.heights())
      cluster.run(4_000)
      expect(cluster.laws.violations).toEqual([])
      expect(cluster.guilty().filter((member) => member !== liar)).toEqual([])
      expect(Math.min(...cluster.heights()), `progress of seed ${seed}`).toBeGreaterThan(before)
    }
    // The attack was there.
    expect(equivocations).toBeGreaterThan(100)
    expect(proofs).toBeGreaterThan(30)
  })
})
