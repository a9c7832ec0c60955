// Validators join, leave, return and get new keys in seeded groups; nothing forks, and everybody goes on.
// spec/consensus.md, "Membership".

import { describe, expect, it } from 'vitest'
import { Cluster, type Faults, NO_FAULTS } from './cluster.test-support.ts'
import type { Change } from './fake-ledger.test-support.ts'

const FAULTS: Faults = { loss: 0.05, repetition: 0.05, disconnect: 0.004, crash: 0.004, delayMaxMs: 60 }
const SIZES = [1, 2, 3, 4, 5]

const institutionsOf = (cluster: Cluster): number[] =>
  cluster
    .presentSet()
    .members.map(({ institution }) => Number.parseInt(institution.slice(2), 16))
    .sort((left, right) => left - right)

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Decided, certified, known to everybody, and the group goes on. */
function settle(cluster: Cluster, change: Change): void {
  cluster.decide(change)
  for (let second = 0; second < 30 && !cluster.isDecided; second++) cluster.run(1_000)
  expect(cluster.isDecided, `${change.kind} of ${change.institution} is certified`).toBe(true)
  cluster.run(4_000)
  expectProgress(cluster)
  expect(cluster.running().sort((left, right) => left - right)).toEqual(institutionsOf(cluster))
}

function expectProgress(cluster: Cluster): void {
  const before = Math.max(...cluster.heights())
  cluster.run(3_000)
  expectSound(cluster)
  expect(Math.min(...cluster.heights()), 'everybody goes on').toBeGreaterThan(before)
}

function expectSound(cluster: Cluster): void {
  cluster.checkAckedSurvive()
  expect(cluster.laws.violations).toEqual([])
  expect(cluster.misbehaviours).toEqual([])
  expect(cluster.evidence).toEqual([])
}

/** A group that has certified some blocks. */
function group(memberCount: number, options: { learners?: number; seed?: number } = {}): Cluster {
  const { learners = 0, seed = memberCount } = options
  const cluster = new Cluster({ memberCount, learners, seed, faults: NO_FAULTS, throughBytes: true })
  cluster.run(4_000)
  return cluster
}

describe.each(SIZES)('a group of %i', (n) => {
  it('takes in a learner', () => {
    const cluster = group(n, { learners: 1 })
    expect(cluster.running()).toEqual(upTo(n))
    settle(cluster, { kind: 'add', institution: n })
    expect(institutionsOf(cluster)).toEqual(upTo(n + 1))
  })

  it('lets a key be replaced on its machine', () => {
    const cluster = group(n)
    for (let institution = 0; institution < n; institution++) settle(cluster, { kind: 'replace', institution })
    expect(cluster.presentSet().members.map(({ seat }) => seat)).toEqual(upTo(n).map((i) => n + i))
  })
})

describe.each(SIZES.slice(1))('a group of %i', (n) => {
  it.each(SIZES.slice(0, 3))('lets a member go, its leader too (seed %i)', (seed) => {
    const cluster = group(n, { seed })
    for (let left = n; left > 1; left--) {
      const leader = cluster.leader() ?? institutionsOf(cluster)[0]
      settle(cluster, { kind: 'remove', institution: leader as number })
      expect(institutionsOf(cluster)).toHaveLength(left - 1)
    }
  })

  it('takes a member back that it let go', () => {
    const cluster = group(n)
    const institution = n - 1
    settle(cluster, { kind: 'remove', institution })
    settle(cluster, { kind: 'add', institution })
    expect(institutionsOf(cluster)).toEqual(upTo(n))
    expect(cluster.presentSet().members.map(({ seat }) => seat)).toEqual([...upTo(n - 1), n])
  })
})

describe('a member that is down', () => {
  it.each([3, 4, 5])('is removed from a group of %i, and learns of it when it returns', (n) => {
    const cluster = group(n)
    const institution = n - 1
    cluster.cutOff(institution)
    cluster.run(4_000)
    cluster.decide({ kind: 'remove', institution })
    cluster.run(6_000)
    expect(cluster.isDecided).toBe(true)
    expect(institutionsOf(cluster)).toEqual(upTo(n - 1))
    cluster.heal()
    cluster.run(8_000)
    expect(cluster.running().sort((left, right) => left - right)).toEqual(upTo(n - 1))
    expectProgress(cluster)
  })
})

describe('changes one after the other', () => {
  it.each(SIZES)(
    'in a group of %i, under crashes and a bad network, never fork it, and it goes on when they end',
    (n) => {
      for (let seed = 1; seed <= 6; seed++) {
        const throughBytes = seed % 4 === 0
        const cluster = new Cluster({ memberCount: n, learners: 1, seed, faults: FAULTS, throughBytes })
        const changes: Change[] = [
          { kind: 'add', institution: n },
          { kind: 'replace', institution: seed % n },
          { kind: 'remove', institution: (seed + 1) % n },
          { kind: 'add', institution: (seed + 1) % n },
          { kind: 'remove', institution: n },
        ]
        for (const change of changes) {
          cluster.run(2_000)
          cluster.decide(change)
          for (let second = 0; second < 60 && !cluster.isDecided; second++) cluster.run(1_000)
          expect(cluster.isDecided, `seed ${seed}: ${change.kind} of ${change.institution}`).toBe(true)
        }
        cluster.heal()
        cluster.run(10_000)
        expectProgress(cluster)
        expect(cluster.presentSet().epoch).toBeGreaterThanOrEqual(changes.length)
        expect(cluster.running().sort((left, right) => left - right)).toEqual(institutionsOf(cluster))
      }
    },
  )
})
