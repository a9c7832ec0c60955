// Leadership moves when it should, and not when it need not: groups of cores under virtual time, many seeds each.

import { describe, expect, it, vi } from 'vitest'
import { Cluster, NO_FAULTS } from './cluster.test-support.ts'

// Alone on a quiet machine each takes a second; beside everything else, much longer.
vi.setConfig({ testTimeout: 240_000 })

const SEEDS = Array.from({ length: 6 }, (_, index) => index + 1)
const ELECTION_TIMEOUT_MS = 2_000

/** A group with a leader that certifies. */
function startGroup(seed: number, memberCount = 4): { cluster: Cluster; leader: number; term: number } {
  const cluster = new Cluster({ memberCount, seed, faults: NO_FAULTS })
  cluster.run(4_000)
  const led = cluster.leadership()
  if (led === null) throw new Error(`seed ${seed}: no leader`)
  return { cluster, leader: led.member, term: led.term }
}

const another = (leader: number, memberCount = 4): number => (leader + 1) % memberCount
const highest = (cluster: Cluster): number => Math.max(...cluster.heights())

function checkLaws(cluster: Cluster): void {
  expect(cluster.laws.violations).toEqual([])
  expect(cluster.misbehaviours).toEqual([])
  cluster.checkAckedSurvive()
}

describe('a good leader stays', () => {
  it('however long a follower is paused, once it wakes', () => {
    for (const seed of SEEDS) {
      const { cluster, leader, term } = startGroup(seed)
      cluster.pause(another(leader), 10_000)
      cluster.run(15_000)
      expect(cluster.leadership(), `seed ${seed}`).toEqual({ member: leader, term })
      checkLaws(cluster)
    }
  })

  it('when a follower that was cut off, and could reach nobody, comes back', () => {
    for (const seed of SEEDS) {
      const { cluster, leader, term } = startGroup(seed)
      cluster.isolate(another(leader))
      cluster.run(20_000)
      cluster.isolate(null)
      cluster.run(5_000)
      expect(cluster.leadership(), `seed ${seed}`).toEqual({ member: leader, term })
      expect(Math.min(...cluster.heights())).toBeGreaterThan(highest(cluster) - 10)
      checkLaws(cluster)
    }
  })

  it("when a follower's clock is wrong by an hour", () => {
    for (const seed of SEEDS) {
      const { cluster, leader, term } = startGroup(seed)
      cluster.stepClock(another(leader), seed % 2 === 0 ? 3_600_000 : -3_600_000)
      const before = highest(cluster)
      cluster.run(10_000)
      expect(cluster.leadership(), `seed ${seed}`).toEqual({ member: leader, term })
      expect(highest(cluster)).toBeGreaterThan(before + 20)
      checkLaws(cluster)
    }
  })
})

describe('a leader that is of no use is replaced, and does not depose its successor', () => {
  const replaced = (seed: number, spoil: (cluster: Cluster, leader: number) => void, durationMs: number): Cluster => {
    const { cluster, leader, term } = startGroup(seed)
    spoil(cluster, leader)
    cluster.run(durationMs)
    const successor = cluster.leadership()
    expect(successor?.member, `seed ${seed}`).not.toBe(leader)
    expect(successor?.term, `seed ${seed}`).toBeGreaterThan(term)
    const before = highest(cluster)
    cluster.run(6_000)
    expect(cluster.leadership(), `seed ${seed}: one change is enough`).toEqual(successor)
    expect(highest(cluster), `progress of seed ${seed}`).toBeGreaterThan(before + 10)
    checkLaws(cluster)
    return cluster
  }

  it('paused: it wakes as a follower', () => {
    for (const seed of SEEDS) replaced(seed, (cluster, leader) => cluster.pause(leader, 6_000), 9_000)
  })

  it('cut off from everybody', () => {
    for (const seed of SEEDS) {
      const spoil = (cluster: Cluster, leader: number): void => {
        cluster.isolate(leader)
        cluster.run(10_000)
        cluster.isolate(null)
      }
      replaced(seed, spoil, 4_000)
    }
  })

  it('with a clock an hour ahead, or an hour behind: within a few election timeouts', () => {
    for (const seed of SEEDS) {
      const byMs = seed % 2 === 0 ? 3_600_000 : -3_600_000
      // An hour behind shows only in the next term: the times of a leader that goes on rise from those it has.
      const { cluster, leader } = startGroup(seed)
      cluster.stepClock(leader, byMs)
      cluster.run(8 * ELECTION_TIMEOUT_MS)
      const before = highest(cluster)
      cluster.run(6_000)
      expect(highest(cluster), `progress of seed ${seed}`).toBeGreaterThan(before + 10)
      if (byMs > 0) expect(cluster.leadership()?.member).not.toBe(leader)
      checkLaws(cluster)
    }
  })

  it('that sends heartbeats and proposes nothing of what waits', () => {
    for (const seed of SEEDS) replaced(seed, (cluster, leader) => cluster.withhold(leader), 5 * ELECTION_TIMEOUT_MS)
  })
})

describe('a transfer', () => {
  it('moves leadership to the target within one term, while blocks are made', () => {
    for (const seed of SEEDS) {
      const { cluster, leader, term } = startGroup(seed)
      const target = another(leader)
      cluster.transfer(leader, target)
      cluster.run(1_000)
      expect(cluster.leadership(), `seed ${seed}`).toEqual({ member: target, term: term + 1 })
      checkLaws(cluster)
    }
  })

  it('to a member that is paused ends in nothing: the leader goes on', () => {
    for (const seed of SEEDS) {
      const { cluster, leader, term } = startGroup(seed)
      const target = another(leader)
      cluster.pause(target, 3 * ELECTION_TIMEOUT_MS)
      cluster.transfer(leader, target)
      cluster.run(2 * ELECTION_TIMEOUT_MS)
      const before = highest(cluster)
      cluster.run(500)
      expect(cluster.leadership(), `seed ${seed}`).toEqual({ member: leader, term })
      expect(highest(cluster)).toBeGreaterThan(before)
      checkLaws(cluster)
    }
  })
})

describe('quorum', () => {
  it.each([1, 2, 3, 5, 7, 10, 16, 25])(
    'a group of %i finds a leader, certifies, and goes on after a restart of all',
    (memberCount) => {
      const cluster = new Cluster({ memberCount, seed: memberCount, faults: NO_FAULTS })
      cluster.run(4_000)
      expect(Math.min(...cluster.heights())).toBeGreaterThan(3)
      cluster.restartAll()
      const before = highest(cluster)
      cluster.run(5_000)
      expect(Math.min(...cluster.heights())).toBeGreaterThan(before)
      checkLaws(cluster)
    },
  )
})
