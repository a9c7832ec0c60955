import { describe, expect, it } from 'vitest'
import { createE1 } from '../consensus/evidence/e1.ts'
import { type Evidence, evidenceHash } from '../consensus/evidence/evidence.ts'
import { Scene } from '../consensus/evidence/scene.test-support.ts'
import { genesis } from '../consensus/node.test-support.ts'
import type { Seat } from '../types/brand.ts'
import type { Call } from '../types/transaction.ts'
import { systemTimers } from './clock.ts'
import { EvidenceReporter, type EvidenceReporterParts } from './evidence-reporter.ts'
import { quietLog } from './wire.test-support.ts'

const scene = new Scene()
const cert = scene.leaderCert(1, 2, genesis)
const evidence: Evidence = createE1(scene.block(cert, genesis), scene.block(cert, genesis))
const { members } = scene.group.set
const TURN_MS = 20_000

/** Who submits at each of these times. */
async function submitters(timesMs: readonly number[], { isRecorded = false } = {}): Promise<readonly number[][]> {
  const held = { hash: evidenceHash(evidence), evidence, accused: [2 as Seat] }
  const sent: number[][] = []
  for (const nowMs of timesMs) {
    const by: number[] = []
    for (const { seat, institution } of members) {
      const reporter = new EvidenceReporter({
        pool: { list: () => [held] },
        ledger: {
          validators: scene.group.set,
          contracts: () => [{ name: 'evidence' }],
          query: () => ({ status: 'ok', value: isRecorded, gas: 1, events: [] }),
          head: { header: genesis.header },
        } as unknown as EvidenceReporterParts['ledger'],
        institution,
        async send(calls: readonly Call[]) {
          expect(calls).toMatchObject([{ contract: 'evidence', method: 'record' }])
          by.push(seat)
        },
        clock: { nowMs: () => nowMs, random: () => 0 },
        timers: systemTimers,
        log: quietLog,
      })
      reporter.look()
      await reporter.stop()
    }
    sent.push(by)
  }
  return sent
}

describe('the evidence reporter', () => {
  it('submits by one institution at a time, one after the other, never the accused', async () => {
    expect(await submitters([0, TURN_MS, 2 * TURN_MS, 3 * TURN_MS])).toEqual([[0], [1], [3], [0]])
  })

  it('submits nothing that is on the chain', async () => {
    expect(await submitters([0, TURN_MS], { isRecorded: true })).toEqual([[], []])
  })
})
