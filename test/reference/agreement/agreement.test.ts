// The contracts decide and filter as the reference evaluator does. `npm run reference` looks at 100,000 scenarios.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compare, Tally } from './compare.ts'
import { ContractsSide } from './contracts.ts'
import { scenario } from './scenario.ts'

it('contracts and reference agree on every decision and every resource', () => {
  const contracts = new ContractsSide()
  const tally = new Tally()
  fc.assert(
    fc.property(scenario, (each) => compare(contracts, each, tally)),
    { numRuns: 300, seed: 4 },
  )
  const reasons = [...tally.answers.keys()].flatMap((answer) => answer.split(' '))
  // What the scenarios do not reach they do not compare.
  for (const reached of [
    ...['PERMIT', 'PERMIT_FILTERED', 'PERMIT_BTG', 'DENY', 'consent', 'implicit', 'breakGlass'],
    ...['SUSPENDED', 'NOT_AFFILIATED', 'ROLE_PURPOSE', 'UNKNOWN_PATIENT', 'KEY_NOT_REGISTERED', 'REASON_MISSING'],
    ...['NO_CONSENT', 'REVOKED', 'EXPIRED', 'NOT_COVERED', 'DENIED', 'BREAK_GLASS', 'BREAK_GLASS_REFUSED'],
  ]) {
    expect(reasons).toContain(reached)
  }
  expect(tally.resources).toBeGreaterThan(300)
})
