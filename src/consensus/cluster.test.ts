// The core under chance: several hundred seeded runs of whole groups. The same laws hold in the simulator of whole nodes.

import { describe, expect, it } from 'vitest'
import { Cluster, type Faults } from './cluster.test-support.ts'

const FAULTS: Faults = { loss: 0.05, repetition: 0.05, delayMaxMs: 60, crash: 0.002, disconnect: 0.002 }

describe('a group of one to four', () => {
  for (const memberCount of [1, 2, 3, 4]) {
    it(`of ${memberCount} certifies on a good network`, () => {
      const cluster = new Cluster({
        memberCount,
        seed: memberCount,
        faults: { ...FAULTS, loss: 0, repetition: 0, delayMaxMs: 5, crash: 0, disconnect: 0 },
        throughBytes: true,
      })
      cluster.run(10_000)
      expect(cluster.violations).toEqual([])
      expect(cluster.misbehaviours).toEqual([])
      expect(Math.min(...cluster.heights())).toBeGreaterThan(100)
    })
    it(`of ${memberCount} never forks under crashes and a bad network, and goes on when they end`, () => {
      for (let seed = 1; seed <= 60; seed++) {
        const cluster = new Cluster({ memberCount, seed, faults: FAULTS, throughBytes: seed % 10 === 0 })
        cluster.run(20_000)
        cluster.heal()
        cluster.run(10_000)
        const before = Math.max(...cluster.heights())
        cluster.run(10_000)
        cluster.checkAckedSurvive()
        expect(cluster.violations).toEqual([])
        expect(cluster.misbehaviours).toEqual([])
        expect(Math.min(...cluster.heights()), `progress of seed ${seed}`).toBeGreaterThan(before)
      }
    })
  }
})
