// A short chaos run, every fault at least once: real processes, real sockets, real time. `npm run chaos` is the long one.

import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runChaos } from '../chaos/chaos.ts'
import { canLimitFiles } from '../chaos/faults.ts'
import { FAULT_KINDS } from '../chaos/plan.ts'

/** Its plan has every kind within the time, most of them against the leader. */
const SEED = 36
const MINUTES = 0.7

describe('npm run chaos', () => {
  it('breaks a network in every way, and nothing that was acknowledged is lost', async () => {
    const report = await runChaos({
      minutes: MINUTES,
      seed: SEED,
      validators: 4,
      clients: 6,
      kinds: FAULT_KINDS,
      keep: false,
      onEvent: () => undefined,
    })
    const where = `seed ${SEED}, folders in ${report.folder}`
    expect({ where, failed: report.checks.filter(({ ok }) => !ok) }).toEqual({ where, failed: [] })
    const expected = (await canLimitFiles()) ? FAULT_KINDS : FAULT_KINDS.filter((kind) => kind !== 'fullDisk')
    expect(new Set(report.faults.map(({ kind }) => kind))).toEqual(new Set(expected))
    expect(report.requests.acknowledged).toBeGreaterThan(50)
    if (report.folder !== null) rmSync(report.folder, { recursive: true, force: true })
  }, 300_000)
})
