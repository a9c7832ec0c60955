import { afterEach, describe, expect, it } from 'vitest'
import { sha256Hex } from '../crypto/hash.ts'
import type { PublicKey } from '../types/brand.ts'
import { DecodeError } from '../types/canonical.ts'
import {
  type BlockSource,
  createSyncHandler,
  decodeSyncReply,
  decodeSyncRequest,
  encodeSyncReply,
  encodeSyncRequest,
  SYNC_REQUEST_BYTES_MAX,
  syncBlocks,
} from './block-sync.ts'
import { SYNC_BLOCKS_MAX, SYNC_REPLY_BYTES_MAX } from './limits.ts'
import { MemoryNetwork } from './memory-network.ts'
import { MemoryTransport } from './memory-transport.ts'
import type { RequestHandler } from './transport.ts'
import { bytesOf, connected, TestNode, textOf } from './transport-suite.ts'

const blockAt = (height: number): Uint8Array => bytesOf(`block ${height}`)
const chainOf = (headHeight: number): BlockSource => ({
  headHeight: () => headHeight,
  *blocksFrom(fromHeight) {
    for (let height = fromHeight; height <= headHeight; height++) yield blockAt(height)
  },
})

describe('sync messages', () => {
  it('come back as they were', () => {
    const request = { fromHeight: 7, maxBlocks: 10, maxBytes: 1_000 }
    expect(decodeSyncRequest(encodeSyncRequest(request))).toEqual(request)
    expect(encodeSyncRequest(request).length).toBeLessThan(SYNC_REQUEST_BYTES_MAX)
    const reply = { headHeight: 9, blocks: [blockAt(7), blockAt(8)] }
    expect(decodeSyncReply(encodeSyncReply(reply))).toEqual(reply)
  })

  it('are refused when they are anything else', () => {
    expect(() => decodeSyncRequest(bytesOf('give me all'))).toThrow(DecodeError)
    expect(() => decodeSyncReply(encodeSyncRequest({ fromHeight: 0, maxBlocks: 1, maxBytes: 1 }))).toThrow(DecodeError)
  })

  it('ask for no more than the bounds', () => {
    const greedy = encodeSyncRequest({ fromHeight: 0, maxBlocks: 1e9, maxBytes: 1e15 })
    expect(decodeSyncRequest(greedy)).toEqual({
      fromHeight: 0,
      maxBlocks: SYNC_BLOCKS_MAX,
      maxBytes: SYNC_REPLY_BYTES_MAX,
    })
  })
})

describe('createSyncHandler()', () => {
  const peer = 'aa'.repeat(32) as PublicKey
  const ask = async (source: BlockSource, fromHeight: number, maxBytes: number) =>
    decodeSyncReply(await createSyncHandler(source)(peer, encodeSyncRequest({ fromHeight, maxBlocks: 10, maxBytes })))

  it('sends consecutive blocks up to the bytes asked for', async () => {
    const { headHeight, blocks } = await ask(chainOf(9), 3, 21)
    expect(headHeight).toBe(9)
    expect(blocks.map(textOf)).toEqual(['block 3', 'block 4', 'block 5'])
  })

  it('sends one block even when it is larger than asked for, so that nobody is stuck', async () => {
    expect((await ask(chainOf(9), 3, 1)).blocks.map(textOf)).toEqual(['block 3'])
  })

  it('sends none above its head', async () => {
    expect(await ask(chainOf(9), 10, 1_000)).toEqual({ headHeight: 9, blocks: [] })
  })
})

describe('syncBlocks()', () => {
  const running: TestNode[] = []
  afterEach(async () => {
    await Promise.all(running.splice(0).map((node) => node.transport.stop()))
  })

  /** A node that needs blocks, connected to one peer per handler. */
  async function networkOf(...handlers: RequestHandler[]): Promise<{ node: TestNode; peers: PublicKey[] }> {
    const network = new MemoryNetwork()
    const nodes = [null, ...handlers].map((handler, number) => {
      const created = new TestNode((n, options) => {
        const transportKey = sha256Hex(Uint8Array.of(n)) as string as PublicKey
        return new MemoryTransport({ ...options, network, transportKey })
      }, number)
      if (handler) {
        const limits = { maxRequestBytes: SYNC_REQUEST_BYTES_MAX, concurrency: 4 }
        created.transport.handleRequests('sync', handler, limits)
      }
      return created
    })
    running.push(...nodes)
    for (const each of nodes) await each.transport.start()
    const [node, ...servers] = nodes as [TestNode, ...TestNode[]]
    node.knows(...servers)
    for (const server of servers) await connected(node, server)
    return { node, peers: servers.map((server) => server.self) }
  }

  function recorder(failAt = Number.POSITIVE_INFINITY) {
    const applied: string[] = []
    const apply = async (blocks: readonly Uint8Array[], fromHeight: number): Promise<void> => {
      if (fromHeight + blocks.length > failAt) throw new Error('certificate does not verify')
      applied.push(...blocks.map(textOf))
    }
    return { applied, apply }
  }
  const expected = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `block ${from + index}`)

  it('fetches everything, batch after batch, in order', async () => {
    const { node, peers } = await networkOf(createSyncHandler(chainOf(57)))
    const { applied, apply } = recorder()
    const result = await syncBlocks(node.transport, peers, { fromHeight: 1, maxBlocks: 10, apply })
    expect(result).toEqual({ nextHeight: 58, failures: [] })
    expect(applied).toEqual(expected(1, 57))
  })

  it('goes on with the next peer where the first has no more', async () => {
    const { node, peers } = await networkOf(createSyncHandler(chainOf(5)), createSyncHandler(chainOf(12)))
    const { applied, apply } = recorder()
    const result = await syncBlocks(node.transport, peers, { fromHeight: 1, maxBlocks: 4, apply })
    expect(result).toEqual({ nextHeight: 13, failures: [] })
    expect(applied).toEqual(expected(1, 12))
  })

  it('gives up a peer whose reply cannot be read, whose blocks do not verify, or who claims and does not send', async () => {
    const { node, peers } = await networkOf(
      async () => bytesOf('nonsense'),
      async () => encodeSyncReply({ headHeight: 10, blocks: [bytesOf('forged')] }),
      async () => encodeSyncReply({ headHeight: 1_000_000, blocks: [] }),
      createSyncHandler(chainOf(6)),
    )
    const { applied, apply } = recorder()
    const strict = async (blocks: readonly Uint8Array[], fromHeight: number): Promise<void> => {
      if (blocks.some((block) => textOf(block) === 'forged')) throw new Error('certificate does not verify')
      await apply(blocks, fromHeight)
    }
    const { nextHeight, failures } = await syncBlocks(node.transport, peers, { fromHeight: 1, apply: strict })
    expect(nextHeight).toBe(7)
    expect(applied).toEqual(expected(1, 6))
    expect(failures.map(({ peer }) => peer)).toEqual(peers.slice(0, 3))
    expect(failures.map(({ error }) => (error as { code?: string }).code)).toEqual([
      'reply-malformed',
      undefined,
      'sync-stalled',
    ])
  })

  it('reports how far it came when nobody could help', async () => {
    const { node, peers } = await networkOf(createSyncHandler(chainOf(20)))
    const { apply } = recorder(11)
    const { nextHeight, failures } = await syncBlocks(node.transport, peers, { fromHeight: 1, maxBlocks: 5, apply })
    expect(nextHeight).toBe(11)
    expect(failures).toHaveLength(1)
  })

  it('stops when it is cancelled', async () => {
    const { node, peers } = await networkOf(createSyncHandler(chainOf(1_000)))
    const cancel = new AbortController()
    const apply = async (): Promise<void> => cancel.abort()
    const sync = syncBlocks(node.transport, peers, { fromHeight: 1, maxBlocks: 2, apply, signal: cancel.signal })
    await expect(sync).rejects.toMatchObject({ code: 'cancelled' })
  })
})
