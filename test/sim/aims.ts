// Runs aimed at something, by name: what is not left to the seed. A plant names the one that raises its odds.

import { type AttackName, aimAt, BUDGETS } from './attacks/budgets.ts'
import type { Aim } from './plan.ts'

const NAMED = {
  /** Two parts that both believe in themselves. */
  partitions: { n: 4, b: 1, liars: 0, faults: ['partition', 'silence'] },
  /** Machines that forget what they had not synced. */
  powerCuts: { n: 4, b: 1, liars: 0, faults: ['crashTalker', 'slowDisk'] },
  /** A leader with two tongues, and elections. */
  equivocation: {
    n: 4,
    b: 1,
    liars: 1,
    scripts: ['equivocatingLeader'],
    faults: ['crashLeader', 'partition', 'disconnect'],
  },
  /** A voter for everybody, and elections. */
  doubleVotes: { n: 4, b: 1, liars: 1, scripts: ['doubleVoter'], faults: ['crashLeader', 'silence', 'disconnect'] },
  /** Members that fall behind, next to one that serves forged blocks. */
  forgedRuns: { n: 4, b: 1, liars: 1, scripts: ['forgedRun'], faults: ['partition', 'crash', 'pause', 'silence'] },
  /** Elections with rivals, and members whose votes nobody needed. */
  elections: { n: 5, b: 0, liars: 0, faults: ['crashLeader', 'delay', 'reordering'] },
  /** Two that stand by each other, where the group bears two. */
  collusion: { n: 7, b: 2, liars: 2, scripts: ['colluding'], faults: ['crashLeader', 'disconnect', 'partition'] },
  /** Members so far behind that they take a snapshot, next to one that serves forged ones. */
  forgedSnapshots: {
    n: 4,
    b: 1,
    liars: 1,
    scripts: ['forgedSnapshot'],
    faults: ['pause', 'crash', 'bitFlip'],
    load: { perSecond: 60, registers: 12 },
    batchDelayMs: 10,
  },
  /** Members that come and go, change keys and machines, and leaders that crash meanwhile. */
  membership: {
    n: 4,
    b: 1,
    liars: 0,
    faults: ['membership', 'crashLeader', 'partition'],
    load: { perSecond: 60, registers: 12 },
    batchDelayMs: 10,
  },
  /** Changes that wait for slow disks, while work arrives. */
  slowChanges: {
    n: 4,
    b: 1,
    liars: 0,
    faults: ['membership', 'slowDisk', 'slowLink'],
    load: { perSecond: 60, registers: 12 },
    batchDelayMs: 10,
    faultyMs: 10_000,
  },
  /** More liars than the group bears: `npm run sim -- --aim moreLiarsThanB --seeds 2000`. */
  moreLiarsThanB: { attack: 'fork', faults: [], load: { perSecond: 60, registers: 12 }, batchDelayMs: 10 },
  /** The load that the simulator's speed is stated at: 10 blocks and 100 transactions a virtual second. */
  speed: {
    n: 4,
    b: 1,
    liars: 0,
    faults: [],
    scheme: 'keyedHash',
    load: { perSecond: 100, registers: 200 },
    batchDelayMs: 84,
    faultyMs: 20_000,
  },
} as const satisfies Record<string, Aim>

export type AimName = keyof typeof NAMED | AttackName

const ATTACKS = Object.fromEntries(Object.keys(BUDGETS).map((name) => [name, aimAt(name as AttackName)])) as Readonly<
  Record<AttackName, Aim>
>

export const AIMS: Readonly<Record<AimName, Aim>> = { ...NAMED, ...ATTACKS }
