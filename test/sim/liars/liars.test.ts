// Every script of the menu, in a process of its own: it really lies, the group bears it, and has it proven guilty where its deed
// leaves a proof (spec/consensus.md, "Evidence").

import { describe, expect, it } from 'vitest'
import { DEFAULT_TIMING } from '../../../src/consensus/limits.ts'
import { runCampaign } from '../campaign.ts'
import type { FaultName } from '../faults/menu.ts'
import { RESUME_TIMEOUTS } from '../limits.ts'
import type { Outcome } from '../simulate.ts'
import { LIARS, type LiarName } from './menu.ts'

/** Sign twice what can be signed once. The others say what anybody could have made up, or keep silent. */
const PROVABLE: ReadonlySet<LiarName> = new Set(['equivocatingLeader', 'doubleVoter', 'amnesiac', 'colluding'])
/** Lead, or want to: among themselves the others would go on without them. */
const ALONE: ReadonlySet<LiarName> = new Set(['termInflater', 'heartbeatOnly', 'withholdingLeader'])
const FAULTS: Readonly<Partial<Record<LiarName, readonly FaultName[]>>> = {
  forgedSnapshot: ['pause', 'crash'],
  forgedRun: ['partition', 'crash', 'silence'],
}
const PAUSE_MAX_MS = RESUME_TIMEOUTS * DEFAULT_TIMING.electionTimeoutMaxMs
const SEEDS_MAX = 12

async function runOf(name: LiarName, seed: number): Promise<Outcome> {
  const size = name === 'colluding' ? { n: 7, b: 2, liars: 2 } : { n: 4, b: 1, liars: 1 }
  const faults = ALONE.has(name) ? [] : (FAULTS[name] ?? ['crashLeader', 'disconnect'])
  // Blocks enough that whoever is cut off falls far behind.
  const pace = { load: { perSecond: 60, registers: 12 }, batchDelayMs: 10, faultyMs: 15_000 }
  const aim = { ...size, ...pace, scripts: [name], faults, scheme: 'keyedHash' } as const
  const outcomes: Outcome[] = []
  await runCampaign({ from: seed, seeds: 1, workers: 1, aim, plant: null, onOutcome: (each) => outcomes.push(each) })
  return outcomes[0] as Outcome
}

/** A seed in which it gets to lie, and to be caught if it can be. */
async function firstThatCounts(name: LiarName): Promise<Outcome | null> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const outcome = await runOf(name, seed)
    expect(outcome.violation).toBeNull()
    const hasLied = (outcome.fired[name] ?? 0) > 0
    if (hasLied && (outcome.convicted.length > 0 || !PROVABLE.has(name))) return outcome
  }
  return null
}

describe.concurrent('a liar', { timeout: 170_000 }, () => {
  for (const name of Object.keys(LIARS) as LiarName[]) {
    const outcome = PROVABLE.has(name) ? 'borne and convicted' : ALONE.has(name) ? 'borne without a stop' : 'borne'
    it(`${name} lies, and is ${outcome}`, async () => {
      const counting = await firstThatCounts(name)
      expect(counting).not.toBeNull()
      expect(counting?.convicted.length === 0).toBe(!PROVABLE.has(name))
      if (ALONE.has(name)) expect(counting?.longestPauseMs).toBeLessThan(PAUSE_MAX_MS)
    })
  }
})
