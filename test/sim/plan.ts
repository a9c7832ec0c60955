// What a seed means: which consortium, which load, which faults, which liars. Everything else follows from it while it runs.

import { DEFAULT_TIMING } from '../../src/consensus/limits.ts'
import type { Config } from '../../src/node/config.ts'
import type { Seat } from '../../src/types/brand.ts'
import { type AttackName, sizeAt } from './attacks/budgets.ts'
import type { Load } from './clients.ts'
import type { Constitution } from './consortium.ts'
import { FAULTS, type FaultName } from './faults/menu.ts'
import { LIARS, LIES_AFTER, type LiarName } from './liars/menu.ts'
import { harmlessLiars, quorumOf, type Size, spareMembers } from './quorum.ts'
import type { Random } from './random.ts'

export interface LiarPlan {
  readonly seat: Seat
  readonly name: LiarName
}

export interface Plan {
  readonly constitution: Constitution
  readonly isWireCanonical: boolean
  readonly timing: Config['consensus']
  readonly load: Load
  readonly faults: readonly FaultName[]
  readonly liars: readonly LiarPlan[]
  /** Played in the place of faults and scripts, with so many liars of the lowest seats. */
  readonly attack: { readonly name: AttackName; readonly liars: number } | null
  /** Virtual time with faults. */
  readonly faultyMs: number
}

/** Aims a run: what is given is not drawn. */
export interface Aim {
  readonly n?: number
  readonly b?: number
  /** How many liars, and which scripts may be theirs. */
  readonly liars?: number
  readonly scripts?: readonly LiarName[]
  readonly faults?: readonly FaultName[]
  readonly attack?: AttackName
  readonly learners?: number
  readonly load?: Load
  readonly faultyMs?: number
  readonly scheme?: Constitution['scheme']
  readonly batchDelayMs?: number
}

/** n and b of spec/consensus.md, "Quorum", the common ones more often. */
const SIZES: readonly (readonly [size: readonly [n: number, b: number], weight: number])[] = [
  [[1, 0], 1],
  [[2, 0], 2],
  [[3, 0], 4],
  [[4, 1], 10],
  [[5, 1], 3],
  [[5, 0], 1],
  [[6, 1], 1],
  [[7, 2], 2],
]

/** n, b, and so many liars that they can fork the chain and honest members are on both sides. */
const FORKABLE: readonly Required<Pick<Aim, 'n' | 'b' | 'liars'>>[] = SIZES.flatMap(([[n, b]]) => {
  const least = harmlessLiars({ n, b }) + 1
  const counts = [least, least + 1].filter((liars) => liars < quorumOf({ n, b }) && n - liars >= 2)
  return n < 3 ? [] : counts.map((liars) => ({ n, b, liars }))
})

export function planOf(random: Random, given: Aim): Plan {
  const isAnyFork = given.attack === 'fork' && given.n === undefined
  const aim = isAnyFork ? { ...given, ...random.pick(FORKABLE) } : given
  const liarsWanted =
    aim.liars ??
    random.weighted([
      [0, 10],
      [1, 8],
      [2, 1],
    ])
  const bearing = SIZES.filter(
    ([[n, b]]) => harmlessLiars({ n, b }) >= liarsWanted && spareMembers({ n, b }) >= liarsWanted,
  )
  const size = random.weighted(bearing.length === 0 ? SIZES : bearing)
  const [n, b] = aim.n === undefined ? size : [aim.n, aim.b ?? Math.floor((aim.n - 1) / 3)]
  const scheme = aim.scheme ?? (random.chance(1 / 50) ? 'ed25519' : 'keyedHash')
  const { attack } = aim
  const liarCount = attack === undefined ? Math.min(liarsWanted, n) : 0
  const seats = random.sample(
    Array.from({ length: n }, (_, i) => i as Seat),
    liarCount,
  )
  const scripts = aim.scripts ?? (Object.keys(LIARS) as LiarName[]).filter((name) => name !== 'colluding')
  // It takes two.
  const isCollusion = aim.scripts === undefined && liarCount > 1 && random.chance(0.7)
  const possible = (Object.keys(FAULTS) as FaultName[]).filter((name) => FAULTS[name].leastMembers <= n)
  const faultCount = random.weighted([
    [0, 1],
    [1, 4],
    [2, 5],
    [3, 4],
    [5, 1],
  ])
  const drawn = aim.faults ?? random.sample(possible, faultCount)
  const learners = aim.learners ?? (drawn.includes('membership') ? 1 : 0)
  const plan: Plan = {
    constitution: { n, b, learners, scheme },
    isWireCanonical: random.chance(0.1),
    timing: {
      ...DEFAULT_TIMING,
      batchDelayMs: aim.batchDelayMs ?? random.pick([10, 90, 90]),
    },
    load: aim.load ?? { perSecond: random.pick([10, 25, 60]), registers: random.pick([3, 12, 40]) },
    faults: drawn,
    liars: seats.map((seat) => ({ seat, name: isCollusion ? 'colluding' : random.pick(scripts) })),
    attack: attack === undefined ? null : { name: attack, liars: liarsWanted },
    faultyMs: aim.faultyMs ?? random.between(8_000, 16_000),
  }
  return aim.faults === undefined ? withOccasions(plan) : plan
}

/** Liars who lie to those that are far behind get somebody who is. */
function withOccasions(plan: Plan): Plan {
  const { timing, load, liars, constitution } = plan
  const needed = liars.flatMap(({ name }) => LIES_AFTER[name] ?? [])
  if (needed.length === 0) return plan
  const possible = needed.filter((name) => FAULTS[name].leastMembers <= constitution.n)
  return {
    ...plan,
    faults: [...new Set([...plan.faults, ...possible])],
    timing: { ...timing, batchDelayMs: 10 },
    load: { ...load, perSecond: 60 },
  }
}

/** At which its liars lie. */
export const sizeOf = ({ constitution, attack }: Plan): Size =>
  attack === null ? constitution : (sizeAt(attack.name) ?? constitution)

export function describePlan({
  constitution: { n, b, learners, scheme },
  load,
  faults,
  liars,
  attack,
  timing,
  isWireCanonical,
}: Plan): string {
  const parts = [
    `n=${n} b=${b} q=${quorumOf({ n, b })}${learners === 0 ? '' : `, ${learners} follow`}`,
    ...(attack === null ? [] : [`attack ${attack.name} by ${attack.liars} liars`]),
    `faults ${faults.join(', ') || 'none'}`,
    `liars ${liars.map(({ seat, name }) => `${String.fromCharCode(65 + seat)} ${name}`).join(', ') || 'none'}`,
    `${load.perSecond} transactions/s on ${load.registers} registers, batch delay ${timing.batchDelayMs} ms`,
    `signatures ${scheme}, messages ${isWireCanonical ? 'as bytes' : 'as values'}`,
  ]
  return parts.join('; ')
}
