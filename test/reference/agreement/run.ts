// npm run reference [-- RUNS [SEED]]: contracts and reference on many scenarios, with progress. Stops at a disagreement, made
// as small as may be; its seed and path repeat it.

import fc from 'fast-check'
import { compare, Tally } from './compare.ts'
import { ContractsSide } from './contracts.ts'
import { scenario } from './scenario.ts'

const [runs = 100_000, seed = 4] = process.argv.slice(2).map(Number)
const BATCH = 1_000

const contracts = new ContractsSide()
const tally = new Tally()
for (let done = 0, batch = 0; done < runs; batch++) {
  const numRuns = Math.min(BATCH, runs - done)
  fc.assert(
    fc.property(scenario, (each) => compare(contracts, each, tally)),
    { numRuns, seed: seed + batch },
  )
  done += numRuns
  console.log(`${done} of ${runs} scenarios: ${tally.decisions} decisions, ${tally.resources} resources agree`)
}
for (const [answer, count] of [...tally.answers].sort(([, a], [, b]) => b - a)) console.log(`${count} ${answer}`)
