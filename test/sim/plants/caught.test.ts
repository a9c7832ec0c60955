// Plants that one or two seeds find, in processes of their own; `npm run sim -- --plants` runs all of them.

import { describe, expect, it } from 'vitest'
import { AIMS } from '../aims.ts'
import { runCampaign } from '../campaign.ts'
import { PLANTS } from './menu.ts'

/** One of each kind: certificates, votes, acks, disk, ledger, evidence. */
const QUICK = [
  'duplicate-signer',
  'leader-cert',
  'r1-one-chain',
  'r3-last-ack',
  'r5-certified',
  'release-one-short',
  're-execution',
  'sign-state-guard',
  'truncate-before-replace',
  'wrong-epoch',
  'e4-later-term',
]

const run = (aim: (typeof PLANTS)[number]['aim'], plant: string | null) =>
  runCampaign({ from: 1, seeds: 2, workers: 1, aim: AIMS[aim], plant, onOutcome: () => undefined })

describe.concurrent('an attack', { timeout: 60_000 }, () => {
  for (const name of QUICK) {
    it(`succeeds where ${name} is missing, and is repelled where it is not`, async () => {
      const plant = PLANTS.find((each) => each.name === name)
      if (plant === undefined) throw new Error(`no plant ${name}`)
      const { violated } = await run(plant.aim, plant.name)
      expect(violated?.violation).not.toBeNull()
      expect((await run(plant.aim, null)).violated).toBeNull()
    })
  }
})
