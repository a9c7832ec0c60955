// The fixed seeds of every test run: none of them may be violated, and a few plants must be.

import { describe, expect, it } from 'vitest'
import { AIMS } from './aims.ts'
import { runCampaign } from './campaign.ts'
import { Coverage } from './coverage.ts'
import { PLANTS } from './plants/menu.ts'

const SEEDS = 36
const TIMEOUT_MS = 170_000

describe('the simulator', { timeout: TIMEOUT_MS }, () => {
  it(`finds nothing wrong in ${SEEDS} seeds, most of which count`, async () => {
    const coverage = new Coverage()
    const { violated } = await runCampaign({
      from: 1,
      seeds: SEEDS,
      workers: 2,
      aim: {},
      plant: null,
      onOutcome: (outcome) => coverage.add(outcome),
    })
    expect(violated).toBeNull()
    const { counting, fired } = coverage.figures()
    expect(counting).toBeGreaterThan(SEEDS / 2)
    expect(Object.keys(fired).length).toBeGreaterThan(12)
  })

  for (const name of ['quorum-minus-one', 'fsync-before-ack', 'sync-certificate']) {
    it(`finds the plant ${name} within 10 seeds`, async () => {
      const plant = PLANTS.find((each) => each.name === name)
      if (plant === undefined) throw new Error(`no plant ${name}`)
      const onOutcome = (): void => undefined
      const { violated } = await runCampaign({
        from: 1,
        seeds: 10,
        workers: 2,
        aim: AIMS[plant.aim],
        plant: name,
        onOutcome,
      })
      expect(violated?.violation).not.toBeNull()
    })
  }
})
