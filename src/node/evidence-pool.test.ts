import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createE1 } from '../consensus/evidence/e1.ts'
import { createE3 } from '../consensus/evidence/e3.ts'
import { type Evidence, encodeEvidence, evidenceHash } from '../consensus/evidence/evidence.ts'
import { Scene } from '../consensus/evidence/scene.test-support.ts'
import { genesis } from '../consensus/node.test-support.ts'
import type { MemoryTransport } from '../p2p/memory-transport.ts'
import type { Block } from '../types/block.ts'
import type { Epoch, Seat } from '../types/brand.ts'
import { systemTimers } from './clock.ts'
import { EvidenceFiles } from './evidence-files.ts'
import { EvidencePool } from './evidence-pool.ts'
import { quietLog, Wire } from './wire.test-support.ts'

const scene = new Scene()
const cert = scene.leaderCert(1, 2, genesis)
const [one, other, third] = [0, 1, 2].map(() => scene.block(cert, genesis)) as [Block, Block, Block]
const proof = createE1(one, other)
const harmless = createE1(one, one)

describe('the evidence pool', () => {
  let folder: string
  let wire: Wire
  let learned: Evidence[]
  const pools: EvidencePool[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'evidence-'))
    wire = new Wire()
    learned = []
  })
  afterEach(() => {
    for (const pool of pools.splice(0)) pool.stop()
    rmSync(folder, { recursive: true })
  })

  const create = (transport: MemoryTransport, name: string): EvidencePool => {
    const pool = new EvidencePool({
      transport,
      verifier: scene.verifier,
      store: new EvidenceFiles(join(folder, name)),
      timers: systemTimers,
      log: quietLog,
      onEvidence: (evidence) => learned.push(evidence),
    })
    pools.push(pool)
    return pool
  }

  it('tells everybody what one node has found, once, and keeps it over a restart', async () => {
    const [here, there] = [wire.add('here'), wire.add('there')]
    const [finder, hearer] = [create(here, 'here'), create(there, 'there')]
    await wire.connect()
    finder.found(proof)
    finder.found(proof)
    await wire.settle()
    for (const pool of [finder, hearer]) {
      expect(pool.list().map(({ hash, accused }) => ({ hash, accused }))).toEqual([
        { hash: evidenceHash(proof), accused: [2] },
      ])
    }
    expect(learned).toHaveLength(2)
    expect(readdirSync(join(folder, 'there'))).toEqual([evidenceHash(proof)])
    expect(create(wire.add('again'), 'there').get(evidenceHash(proof))?.accused).toEqual([2])
  })

  it('counts one lie once, however it is shown', async () => {
    const pool = create(wire.add('here'), 'here')
    await wire.connect()
    pool.found(proof)
    pool.found(createE1(one, third))
    expect(pool.list()).toHaveLength(1)
  })

  it('names the peer that passes on what proves nothing', async () => {
    const [here, there] = [wire.add('here'), wire.add('there')]
    const pool = create(there, 'there')
    await wire.connect()
    const rejected = (): number => there.counters().gossipRejected
    const before = rejected()
    await here.publish('evidence', encodeEvidence(harmless))
    await here.publish('evidence', Uint8Array.of(1, 2, 3))
    await wire.settle()
    expect(rejected() - before).toBe(2)
    expect(pool.list()).toEqual([])
    expect(learned).toEqual([])
  })

  it('blames nobody for evidence of an epoch that it does not know yet', async () => {
    const [here, there] = [wire.add('here'), wire.add('there')]
    const hearer = create(there, 'there')
    here.subscribe('evidence', { maxBytes: 65_536, validate: () => 'ignore' }, () => undefined)
    await wire.connect()
    const later = { epoch: 1 as Epoch }
    const evidence = createE3(
      scene.vote(3, 4, genesis, later),
      scene.vote(3, 4, genesis, { ...later, candidate: 1 as Seat }),
    )
    await here.publish('evidence', encodeEvidence(evidence))
    await wire.settle()
    expect(there.counters().gossipRejected).toBe(0)
    expect(there.counters().gossipIgnored).toBe(1)
    expect(hearer.list()).toEqual([])
  })
})
