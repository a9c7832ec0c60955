// Snapshots between two peers, on disk, with a receiver that is stopped in the middle.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { carryOver } from '../ledger/carry-over.ts'
import { bytesOf, call, createLedger, GENESIS_TIME_MS, idOf, put, transaction } from '../ledger/consortium.fixture.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLevelStore } from '../ledger/level-store.ts'
import { MemoryStore } from '../ledger/memory-store.ts'
import { holdsLedger, openLedger } from '../ledger/open-ledger.ts'
import { verifierOf } from '../ledger/replay-chain.ts'
import { replyCodec, snapshotRequestCodec, statePiecesCodec } from '../ledger/snapshot-format.ts'
import { P2pError } from '../p2p/errors.ts'
import type { RequestHandler, Transport } from '../p2p/transport.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import type { Genesis } from '../types/genesis.ts'
import { readRun } from './certified-run.ts'
import { systemTimers } from './clock.ts'
import { fetchBlockZero, fetchSnapshot, type SnapshotOrder } from './fetch-snapshot.ts'
import { buildRecovery } from './recovery.ts'
import { adoptSnapshot, snapshotFolderIn } from './snapshot-folder.ts'
import { SnapshotServer } from './snapshot-server.ts'

const PEER = 'peer' as PublicKey
/** In one answer. */
const PIECES = 100
let folder: string
const servers: SnapshotServer[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assent-fetch-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** One that serves this ledger, the state in small answers, until it has given so many of them. */
function peerOf(ledger: Ledger, { answersMax = Number.POSITIVE_INFINITY } = {}) {
  const server = new SnapshotServer({ ledger, timers: systemTimers })
  servers.push(server)
  let serve: RequestHandler | null = null
  server.listen({
    handleRequests: (_protocol: string, handler: RequestHandler) => {
      serve = handler
    },
  } as unknown as Transport)
  const seen = { states: 0 }
  const transport = {
    async request(_peer: PublicKey, protocol: string, message: Uint8Array) {
      if (fromBytes(snapshotRequestCodec, message).state !== null && ++seen.states > answersMax) {
        throw new P2pError('connection-lost', `request ${protocol}: the process is gone`)
      }
      const reply = await (serve as unknown as RequestHandler)(PEER, message)
      return fromBytes(snapshotRequestCodec, message).state === null ? reply : shortened(reply)
    },
  } as unknown as Transport
  return { transport, seen }
}

function shortened(reply: Uint8Array): Uint8Array {
  const answer = fromBytes(replyCodec, reply)
  if (answer === null) return reply
  const pieces = fromBytes(statePiecesCodec, answer).slice(0, PIECES)
  return toBytes(replyCodec, toBytes(statePiecesCodec, pieces))
}

function order(ledger: Ledger, transport: Transport): SnapshotOrder {
  return {
    peer: PEER,
    transport,
    fetchRun: async (_peer, fromHeight) => readRun(ledger, fromHeight),
    verifier: verifierOf(ledger),
    genesisBlock: ledger.genesisBlock,
    held: ledger.genesisBlock,
    asked: [],
    heightMin: 1,
    place: snapshotFolderIn(folder),
    signal: new AbortController().signal,
  }
}

/** As a start does it: what is whole is taken into use. */
async function openAgain(genesis: Genesis): Promise<Ledger | null> {
  adoptSnapshot(folder)
  const store = await openLevelStore(join(folder, 'ledger'))
  if (holdsLedger(store)) return openLedger({ store, genesis })
  await store.close()
  return null
}

describe('fetchSnapshot()', () => {
  it('goes on where the process was stopped: from another peer, with a later snapshot', async () => {
    const { ledger, proposer } = await createLedger()
    for (let from = 0; from < 2_000; from += 250) {
      const calls = Array.from({ length: 250 }, (_, i) => call('put', bytesOf(`note ${from + i}`)))
      await proposer.commit([transaction(calls, { gasLimit: 100_000_000 })])
    }
    const whole = peerOf(ledger)
    expect(await fetchSnapshot(order(ledger, whole.transport))).toMatchObject({ height: 8, piecesKept: 0 })
    snapshotFolderIn(folder).forget()
    const { states } = whole.seen
    expect(states).toBeGreaterThan(8)

    const first = peerOf(ledger, { answersMax: states - 2 })
    await expect(fetchSnapshot(order(ledger, first.transport))).rejects.toThrow('the process is gone')
    expect(await openAgain(ledger.genesis)).toBeNull()

    await proposer.commit([put('later')])
    const second = peerOf(ledger)
    const resumed = await fetchSnapshot(order(ledger, second.transport))
    expect(resumed?.height).toBe(9)
    expect(resumed?.piecesKept).toBeGreaterThan(500)
    expect(second.seen.states).toBeLessThan(7)
    await snapshotFolderIn(folder).complete()
    const taken = await openAgain(ledger.genesis)
    expect(taken?.head.hash).toBe(ledger.head.hash)
    expect(
      taken?.query(
        { contract: 'notes', method: 'count', args: [bytesOf('Alpha'), bytesOf('later')] },
        {
          timeMs: GENESIS_TIME_MS,
        },
      ),
    ).toMatchObject({ value: 1 })
    await taken?.close()
  })
})

describe('fetchBlockZero()', () => {
  /** A chain that goes on from one of two blocks, and has none of its own. */
  async function recovered() {
    const { ledger, store, proposer } = await createLedger()
    for (const note of ['one', 'two']) await proposer.commit([put(note)])
    const genesis = buildRecovery({
      last: { from: 'last', ledger, store },
      surviving: [idOf('Alpha'), idOf('Beta')],
      acceptsMinority: true,
      nowMs: GENESIS_TIME_MS + 60_000,
    })
    const to = new MemoryStore()
    await carryOver({ from: store, to, genesis })
    return { genesis, made: await openLedger({ store: to, genesis }), former: ledger }
  }

  it('takes the state that the genesis names from a peer that has no block yet', async () => {
    const { genesis, made } = await recovered()
    const { transport } = peerOf(made)
    expect(await fetchSnapshot(order(made, transport))).toBeNull()
    expect(await fetchBlockZero({ ...order(made, transport), genesis })).toMatchObject({ height: 0 })
    await snapshotFolderIn(folder).complete()
    const taken = await openAgain(genesis)
    expect(taken?.head).toEqual(made.head)
    expect(taken?.state().get(Uint8Array.of(1))).toBeUndefined()
    const count = { contract: 'notes', method: 'count', args: [bytesOf('Alpha'), bytesOf('two')] }
    expect(taken?.query(count, { timeMs: GENESIS_TIME_MS })).toMatchObject({ value: 1 })
    await taken?.close()
  })

  it('takes nothing from a peer of another chain, or of one that was founded', async () => {
    const { genesis, former } = await recovered()
    const { transport } = peerOf(former)
    expect(await fetchBlockZero({ ...order(former, transport), genesis })).toBeNull()
  })

  it('refuses a state that is not the one of the genesis', async () => {
    const { genesis, made } = await recovered()
    const { transport } = peerOf(made)
    const other = {
      ...genesis,
      predecessor: { ...genesis.predecessor, stateRoot: idOf('another state') as string as Hash },
    } as Genesis
    expect(await fetchBlockZero({ ...order(made, transport), genesis: other })).toBeNull()
    const { request } = transport
    const lying = {
      request: async (...args: Parameters<typeof request>) => {
        const reply = await request(...args)
        reply[reply.length - 20] = (reply[reply.length - 20] as number) ^ 1
        return reply
      },
    } as unknown as Transport
    await expect(fetchBlockZero({ ...order(made, lying), genesis })).rejects.toThrow()
    expect(await openAgain(genesis)).toBeNull()
  })
})
