// What each attack needs: a consortium, and liars. The script itself stands in the file of that name; menu.ts joins the two.
// Data only: whoever chooses runs reads it before production code may be loaded.

import type { Aim } from '../plan.ts'
import { type Size, spareMembers } from '../quorum.ts'

export interface Budget {
  readonly n: number
  readonly b: number
  /** They have the lowest seats. */
  readonly liars: number
  /** Followers, who become validators before anybody lies. */
  readonly learners?: number
  /** Of honest members. The group need not go on when too few are left. */
  readonly silenced?: number
}

const SMALL = { n: 4, b: 1, liars: 1 } as const
/** Two members may be silent, and two hold a block that nobody certifies. */
const HONEST_FIVE = { n: 5, b: 0, liars: 0 } as const
const HONEST_FOUR = { n: 4, b: 1, liars: 0 } as const

export const BUDGETS = {
  duplicateSigner: SMALL,
  /** More liars than the group bears; how many of how many, the seed says. */
  fork: { n: 4, b: 1, liars: 2 },
  falseRoots: SMALL,
  farFuture: SMALL,
  forgedLeader: SMALL,
  forgottenVote: SMALL,
  inheritedBlock: HONEST_FOUR,
  junkSignatures: SMALL,
  lateVote: SMALL,
  leadersWord: SMALL,
  lettingGo: SMALL,
  oldEpoch: { n: 3, b: 0, liars: 1, learners: 1 },
  oldBackup: { ...SMALL, silenced: 1 },
  powerCut: HONEST_FOUR,
  replayed: HONEST_FOUR,
  replayedToNewcomer: HONEST_FOUR,
  secondBranch: SMALL,
  supersededAck: HONEST_FIVE,
  thinRelease: SMALL,
  truncatedBranch: HONEST_FIVE,
  twoTongues: SMALL,
} as const satisfies Record<string, Budget>

export type AttackName = keyof typeof BUDGETS

/** Do its liars and those it silences leave a quorum? */
export function leavesQuorum(attack: AttackName): boolean {
  const { liars, silenced = 0 }: Budget = BUDGETS[attack]
  return spareMembers(grown(BUDGETS[attack])) >= liars + silenced
}

/** When it lies; null: it is what the plan says from the start. */
export const sizeAt = (attack: AttackName): Size | null => {
  const budget: Budget = BUDGETS[attack]
  return budget.learners === undefined ? null : grown(budget)
}

const grown = ({ n, b, learners = 0 }: Budget): Size => ({ n: n + learners, b })

/** A run of nothing but the attack. */
export function aimAt(attack: AttackName): Aim {
  const { n, b, liars, learners = 0 }: Budget = BUDGETS[attack]
  return { n, b, liars, learners, attack, faults: [], load: { perSecond: 60, registers: 12 }, batchDelayMs: 10 }
}
