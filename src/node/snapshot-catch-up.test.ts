// When a snapshot is taken: never over blocks that this node has stored, and may have acked, while it came.

import { describe, expect, it } from 'vitest'
import { SnapshotConflict } from '../ledger/state-walk.ts'
import type { Height, PublicKey } from '../types/brand.ts'
import { systemClock } from './clock.ts'
import { SnapshotCatchUp } from './snapshot-catch-up.ts'
import { quietLog } from './wire.test-support.ts'

const BEHIND = 10

/** Of a node at height 0 that is offered a snapshot of height 50. */
function catchUp({
  storedMeanwhile = 0,
  storedAtLast = 0,
  fault,
}: {
  storedMeanwhile?: number
  storedAtLast?: number
  fault?: Error
}) {
  const seen: string[] = []
  const ledger = { genesisBlock: {}, head: { header: { height: 0 } }, storedHeight: 0 as Height }
  const store = (height: number): void => {
    if (height > 0) ledger.storedHeight = height as Height
  }
  const { promise: settled, resolve } = Promise.withResolvers<void>()
  const subject = new SnapshotCatchUp({
    ledger: ledger as never,
    transport: { connectedPeers: () => ['a' as PublicKey] } as never,
    verifier: {} as never,
    fetchRun: async () => null,
    async fetchSnapshot() {
      store(storedMeanwhile)
      if (fault !== undefined) throw fault
      return { height: 50 as Height, shown: new Map(), piecesKept: 0 }
    },
    place: {
      create: () => Promise.reject(new Error('nothing is built here')),
      complete: async () => {
        seen.push('complete')
      },
      pieces: () => Promise.reject(new Error('nothing is built here')),
      forget: () => seen.push('forget'),
    },
    behindMin: BEHIND,
    async fallStill() {
      seen.push('still')
      store(storedAtLast)
    },
    signStates: () => [],
    onFatal(error) {
      seen.push((error as Error).message)
      resolve()
    },
    onComplete() {
      seen.push('start again')
      resolve()
    },
    clock: systemClock,
    log: { ...quietLog, info: (_: object, text: string) => text.includes('given up') && resolve() } as never,
  })
  subject.heard(50)
  return { seen, settled, subject, ledger }
}

describe('a snapshot of another chain than the certified one', () => {
  it('stops the node, which keeps its own', async () => {
    const { seen, settled } = catchUp({ fault: new SnapshotConflict('it does not hold block 12') })
    await settled
    expect(seen).toEqual(['the chain of a has diverged from this one: it does not hold block 12'])
  })
})

describe('a snapshot that is whole', () => {
  it('is taken once nothing is stored or acked any more', async () => {
    const { seen, settled } = catchUp({ storedMeanwhile: 50 })
    await settled
    expect(seen).toEqual(['still', 'complete', 'start again'])
  })

  it('is given up where the own chain has gone on beyond it: what is acked there must not get lost', async () => {
    const { seen, settled } = catchUp({ storedMeanwhile: 51 })
    await settled
    expect(seen).toEqual([])
  })

  it('that was interrupted is forgotten once blocks have brought the node as far as anybody speaks of', async () => {
    const { seen, settled, subject, ledger } = catchUp({ storedMeanwhile: 51 })
    await settled
    await subject.stop()
    subject.heard(50)
    expect(seen).toEqual([])
    ledger.head.header.height = 50
    for (let i = 0; i < 3; i++) subject.heard(50)
    expect(seen).toEqual(['forget'])
  })

  it('is given up where that happens at the last moment; then the node starts again with what it has', async () => {
    const { seen, settled } = catchUp({ storedAtLast: 51 })
    await settled
    expect(seen).toEqual(['still', 'start again'])
  })
})
