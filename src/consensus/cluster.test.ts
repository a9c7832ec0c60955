// The core under chance: seeded runs of whole groups. The simulator of whole nodes checks the same laws.

import { describe, expect, it } from 'vitest'
import { Cluster, type Faults, NO_FAULTS } from './cluster.test-support.ts'

const FAULTS: Faults = { loss: 0.05, repetition: 0.05, delayMaxMs: 60, crash: 0.004, disconnect: 0.004 }

describe('a group', () => {
  for (const memberCount of [1, 2, 3, 4]) {
    it(`of ${memberCount} certifies block after block on a good network`, () => {
      const cluster = new Cluster({ memberCount, seed: memberCount, faults: NO_FAULTS, throughBytes: true })
      cluster.run(10_000)
      expect(cluster.violations).toEqual([])
      expect(cluster.misbehaviours).toEqual([])
      expect(Math.min(...cluster.heights())).toBeGreaterThan(50)
    })

    it(`of ${memberCount} never forks under crashes and a bad network, and goes on when they end`, () => {
      for (let seed = 1; seed <= 75; seed++) {
        const cluster = new Cluster({ memberCount, seed, faults: FAULTS, throughBytes: seed % 10 === 0 })
        cluster.run(12_000)
        cluster.heal()
        cluster.run(8_000)
        const before = Math.max(...cluster.heights())
        cluster.run(5_000)
        cluster.checkAckedSurvive()
        expect(cluster.violations).toEqual([])
        expect(cluster.misbehaviours).toEqual([])
        expect(Math.min(...cluster.heights()), `progress of seed ${seed}`).toBeGreaterThan(before)
      }
    })
  }
})

describe('a liar that runs twice with one key and one leadership', () => {
  it('does not fork a group of 4 with q = 3, whatever it signs', () => {
    let equivocations = 0
    for (let seed = 1; seed <= 150; seed++) {
      const cluster = new Cluster({ memberCount: 4, seed, faults: { ...FAULTS, crash: 0.001 }, liar: seed % 4 })
      cluster.run(15_000)
      cluster.checkAckedSurvive()
      expect(cluster.violations).toEqual([])
      expect(cluster.misbehaviours.filter((line) => !line.startsWith(`${seed % 4} `))).toEqual([])
      equivocations += cluster.misbehaviours.filter((line) => line.endsWith('equivocation')).length
    }
    expect(equivocations).toBeGreaterThan(100)
  })
})
