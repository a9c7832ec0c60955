// A state that comes in pieces, is cut short, and is gone on with.

import { describe, expect, test } from 'vitest'
import { type ByteString, toByteString } from './byte-string.ts'
import { bytesOf, call, createLedger, put, transaction } from './consortium.fixture.ts'
import { KeptPieces, STATES_KEPT_MAX } from './kept-pieces.ts'
import type { Ledger } from './ledger.ts'
import { MemoryStore } from './memory-store.ts'
import type { StatePiece } from './snapshot-format.ts'
import { StateBuilder } from './state-builder.ts'
import { SnapshotFault } from './state-walk.ts'

const NOTES = 2_000
const CALLS = 250
/** In one answer. */
const PIECES = 50

async function largeState() {
  const made = await createLedger()
  for (let from = 0; from < NOTES; from += CALLS) {
    const calls = Array.from({ length: CALLS }, (_, i) => call('put', bytesOf(`note ${from + i}`)))
    await made.proposer.commit([transaction(calls, { gasLimit: 100_000_000 })])
  }
  return made
}

async function entriesOf(store: MemoryStore): Promise<ReadonlyMap<ByteString, string>> {
  const entries = new Map<ByteString, string>()
  const all = { from: new Uint8Array(0), to: new Uint8Array(64).fill(0xff) }
  for await (const [key, value] of store.range(all)) entries.set(toByteString(key), value.toHex())
  return entries
}

/** Takes pieces as a peer sends them, at most so many; answers how many came. */
async function fetchInto(builder: StateBuilder, { ledger, most }: { ledger: Ledger; most: number }): Promise<number> {
  const source = ledger.snapshot()
  let came = 0
  for (let from = builder.wanted; from !== null && came < most; from = builder.wanted) {
    const pieces = source.state(from).slice(0, Math.min(PIECES, most - came))
    await builder.add(pieces)
    came += pieces.length
    await builder.addKept()
  }
  await source.close()
  return came
}

const rootOf = (ledger: Ledger) => ledger.head.header.stateRoot
const ALL = Number.POSITIVE_INFINITY

/** As one fetch builds it that nothing cuts short. */
async function wholeOf(ledger: Ledger) {
  const store = new MemoryStore()
  const came = await fetchInto(new StateBuilder({ stateRoot: rootOf(ledger), store, kept: null }), {
    ledger,
    most: ALL,
  })
  return { entries: await entriesOf(store), came }
}

/** Builds until so many pieces came; then the process is gone, and what is kept is all that is left. */
async function interrupted(ledger: Ledger, most: number, pieces = new MemoryStore()): Promise<MemoryStore> {
  const kept = new KeptPieces(pieces)
  await kept.begin(rootOf(ledger))
  await fetchInto(new StateBuilder({ stateRoot: rootOf(ledger), store: new MemoryStore(), kept }), { ledger, most })
  return pieces
}

async function resumed(ledger: Ledger, pieces: MemoryStore) {
  const store = new MemoryStore()
  const kept = new KeptPieces(pieces)
  await kept.begin(rootOf(ledger))
  const builder = new StateBuilder({ stateRoot: rootOf(ledger), store, kept })
  const came = await fetchInto(builder, { ledger, most: ALL })
  return { entries: await entriesOf(store), came }
}

describe('a state whose fetch was cut short', () => {
  test('is gone on with: what was verified before does not come again', async () => {
    const { ledger } = await largeState()
    const whole = await wholeOf(ledger)
    const most = Math.floor(0.8 * whole.came)
    const { entries, came } = await resumed(ledger, await interrupted(ledger, most))
    expect(entries).toEqual(whole.entries)
    expect(came).toBeLessThanOrEqual(whole.came - most + PIECES)
  })

  test('is gone on with in a later state: only what has changed comes, and nothing of the former is left', async () => {
    const { ledger, proposer } = await largeState()
    const pieces = await interrupted(ledger, ALL)
    await proposer.commit([put('another'), transaction([call('remove', bytesOf('note 1'))])])
    const whole = await wholeOf(ledger)
    const { entries, came } = await resumed(ledger, pieces)
    expect(entries).toEqual(whole.entries)
    expect(came).toBeLessThan(0.3 * whole.came)
  })

  test('takes nothing on the word of the disk: what it has not kept right comes again', async () => {
    const { ledger } = await largeState()
    const whole = await wholeOf(ledger)
    const pieces = await interrupted(ledger, ALL)
    const damaged = [...(await entriesOf(pieces)).keys()]
    for (const [i, key] of damaged.entries()) {
      const value = pieces.get(Buffer.from(key, 'latin1'))?.slice() as Uint8Array
      const at = value.length - 1 - (i % 7)
      if (i % 3 === 0) value[at] = (value[at] as number) ^ 1
      await pieces.write([{ type: 'put', key: Buffer.from(key, 'latin1'), value }], { sync: false })
    }
    expect((await resumed(ledger, pieces)).entries).toEqual(whole.entries)
  })

  test('keeps nothing that is not true', async () => {
    const { ledger } = await largeState()
    const pieces = new MemoryStore()
    const kept = new KeptPieces(pieces)
    const builder = new StateBuilder({ stateRoot: rootOf(ledger), store: new MemoryStore(), kept })
    const source = ledger.snapshot()
    const [root, first, second] = source.state([]) as [StatePiece, StatePiece, StatePiece]
    await builder.add([root])
    await expect(builder.add([second])).rejects.toThrow(SnapshotFault)
    await expect(builder.add([])).rejects.toThrow(SnapshotFault)
    expect((await entriesOf(pieces)).size).toBe(0)
    // It still waits for the right one.
    await builder.add([first])
    expect((await entriesOf(pieces)).size).toBe(1)
  })
})

describe('KeptPieces', () => {
  test('of too many states that nobody finished are let go', async () => {
    const { ledger, proposer } = await createLedger()
    await proposer.commit([put('one')])
    const pieces = await interrupted(ledger, 10)
    const sizes: number[] = []
    for (let i = 0; i < STATES_KEPT_MAX; i++) {
      await new KeptPieces(pieces).begin(bytesOf(`state ${i}`).toHex() as ReturnType<typeof rootOf>)
      sizes.push((await entriesOf(pieces)).size)
    }
    expect(sizes[0]).toBeGreaterThan(5)
    expect(sizes.at(-2)).toBe(sizes[0])
    // The list of states alone.
    expect(sizes.at(-1)).toBe(1)
  })
})
