import { beforeAll, describe, expect, it } from 'vitest'
import { certify, chainId, createLedger, idOf, type Proposer, put, removal } from '../ledger/consortium.fixture.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { verifierOf } from '../ledger/replay-chain.ts'
import { MemoryNetwork } from '../p2p/memory-network.ts'
import { MemoryTransport } from '../p2p/memory-transport.ts'
import { SYNC_PROTOCOL } from '../p2p/transport.ts'
import type { Epoch, PublicKey } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import {
  certifiedRunCodec,
  fetchRunFrom,
  RUN_BLOCKS_MAX,
  RUN_REQUEST_BYTES_MAX,
  readRun,
  serveRun,
} from './certified-run.ts'
import { namedLeaderCerts, runFault } from './observer.ts'

const heightsOf = (run: ReturnType<typeof readRun>): readonly number[] =>
  run?.blocks.map(({ header }) => header.height) ?? []

describe('a certified run', () => {
  let ledger: Ledger
  let proposer: Proposer

  /** One certificate for this many blocks. */
  const commitTogether = async (count: number): Promise<void> => {
    const block = Array.from({ length: count }).reduce<ReturnType<Proposer['propose']>>(
      (parent) => proposer.propose([], { parent }),
      ledger.head as never,
    )
    await ledger.persist({ leaderCerts: [proposer.leaderCert] })
    await ledger.commit(certify(block))
  }

  beforeAll(async () => {
    ;({ ledger, proposer } = await createLedger())
    await proposer.commit([put('first')])
    await proposer.commit([put('second')])
    await commitTogether(RUN_BLOCKS_MAX - 6)
    await commitTogether(10)
    proposer.elect(2, ledger.head)
    await proposer.commit([put('in another term')])
  })

  it('is none above the head', () => {
    expect(readRun(ledger, ledger.head.header.height + 1)).toBe(null)
    expect(readRun(ledger, Number.MAX_SAFE_INTEGER)).toBe(null)
  })

  it('starts at the height asked for, never at genesis, which everybody has', () => {
    expect(heightsOf(readRun(ledger, 0))[0]).toBe(1)
    expect(heightsOf(readRun(ledger, 17))[0]).toBe(17)
  })

  it('ends on the last certificate within its bound', () => {
    const run = readRun(ledger, 1)
    expect(heightsOf(run)).toEqual(Array.from({ length: RUN_BLOCKS_MAX - 4 }, (_, i) => i + 1))
    expect(run?.commitCert.blockHash).toBe(run?.blocks.at(-1)?.hash)
  })

  it('carries a certificate on a descendant for blocks that have none of their own', () => {
    const run = readRun(ledger, 100)
    expect(heightsOf(run).at(-1)).toBe(ledger.head.header.height)
    expect(run?.commitCert).toEqual(ledger.head.commitCert)
  })

  it('reaches its first certificate, however many blocks that takes', async () => {
    const far = await createLedger()
    const block = Array.from({ length: RUN_BLOCKS_MAX + 50 }).reduce<ReturnType<Proposer['propose']>>(
      (parent, _, i) => far.proposer.propose([put(`far ${i}`)], { parent, timeMs: parent.header.timeMs + 1 }),
      far.ledger.head as never,
    )
    await far.ledger.persist({ leaderCerts: [far.proposer.leaderCert] })
    await far.ledger.commit(certify(block))
    const run = readRun(far.ledger, 1)
    expect(run?.blocks).toHaveLength(RUN_BLOCKS_MAX + 50)
    expect(fromBytes(certifiedRunCodec, toBytes(certifiedRunCodec, run))).toEqual(run)
    expect(
      run && runFault(run, { verifier: verifierOf(far.ledger), parent: (await createLedger()).ledger.head }),
    ).toBeNull()
  })

  it('leaves no LeaderCert behind but those that its blocks name', () => {
    const run = readRun(ledger, 1)
    if (run === null) throw new Error('no run')
    const more = { ...run, leaderCerts: [proposer.leaderCert, ...run.leaderCerts, ...run.leaderCerts] }
    expect(proposer.leaderCert.term).toBe(2)
    expect(namedLeaderCerts(more)).toEqual(run.leaderCerts)
  })

  it('carries the LeaderCert of every term in it, once', () => {
    expect(readRun(ledger, 100)?.leaderCerts.map(({ term }) => term)).toEqual([1, 2])
    expect(readRun(ledger, ledger.head.header.height)?.leaderCerts.map(({ term }) => term)).toEqual([2])
  })

  it('goes from ledger to ledger over the wire', async () => {
    const network = new MemoryNetwork()
    const keys = [idOf('server'), idOf('client')] as unknown as readonly [PublicKey, PublicKey]
    const [server, client] = keys.map(
      (transportKey) =>
        new MemoryTransport({
          network,
          transportKey,
          chainId,
          allow: () => 'member',
          logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
        }),
    ) as [MemoryTransport, MemoryTransport]
    server.handleRequests(SYNC_PROTOCOL, async (_peer, message) => serveRun(ledger, message), {
      maxRequestBytes: RUN_REQUEST_BYTES_MAX,
      concurrency: 1,
    })
    const connected = new Promise<void>((resolve) => client.onPeerChange(() => resolve()))
    await Promise.all([server.start(), client.start()])
    client.setPeers([{ transportKey: keys[0], addresses: ['memory'] }])
    await connected
    const fetchRun = fetchRunFrom(client)
    expect(await fetchRun(keys[0], 1)).toEqual(readRun(ledger, 1))
    expect(await fetchRun(keys[0], 10_000)).toBe(null)
  })

  it('is refused to a request that cannot be read', () => {
    expect(() => serveRun(ledger, new Uint8Array())).toThrow(DecodeError)
    expect(() => serveRun(ledger, new Uint8Array([0xa1, 0x61, 0x61, 0x01]))).toThrow(DecodeError)
  })
})

describe('a certified run of a chain whose validators change', () => {
  it('ends on what makes the next set known, so that its receiver can check all of it', async () => {
    const { ledger, proposer } = await createLedger()
    await proposer.commit([put('one')])
    const decided = await proposer.commit([removal('Delta')])
    await proposer.commit([put('two')], { epoch: 1 as Epoch })
    await proposer.commit([put('three')])
    const run = readRun(ledger, 1)
    expect(heightsOf(run)).toEqual([1, 2])
    expect(run?.commitCert).toMatchObject({ epoch: 0, blockHash: decided.hash })
    expect(heightsOf(readRun(ledger, 2))).toEqual([2])
    expect(heightsOf(readRun(ledger, 3))).toEqual([3, 4])

    const own = (await createLedger()).ledger
    const verifier = verifierOf(own)
    for (const from of [1, 3]) {
      const next = readRun(ledger, from)
      if (next === null) throw new Error('no run')
      expect(runFault(next, { verifier, parent: own.head })).toBeNull()
      const { blocks, leaderCerts, commitCert } = next
      expect(await own.applyCertified({ blocks, leaderCerts, cert: commitCert })).toEqual({ ok: true })
    }
    expect(own.head.hash).toBe(ledger.head.hash)
    expect(own.epoch).toBe(1)
  })
})
