import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { Hash, PublicKey } from '../types/brand.ts'
import { P2pError } from './errors.ts'
import { Libp2pTransport } from './libp2p-transport.ts'
import { bytesOf, CHAIN, type CreateTransport, connected, describeTransport, TestNode } from './transport-suite.ts'

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
const seedOf = (number: number): Uint8Array => new Uint8Array(32).fill(number)
const createOn =
  (listen: readonly string[]): CreateTransport =>
  (number, options) =>
    new Libp2pTransport({ ...options, seed: seedOf(number), listen })

describeTransport('libp2p transport', () => createOn(LOOPBACK))

describe('libp2p transport, on real sockets', () => {
  const running: TestNode[] = []
  const start = async (...nodes: TestNode[]): Promise<void> => {
    for (const node of nodes) {
      running.push(node)
      await node.transport.start()
    }
  }
  afterEach(async () => {
    await Promise.all(running.splice(0).map((node) => node.transport.stop()))
  })

  it('redials a peer that comes back at its address, without being told', async () => {
    const a = new TestNode(createOn(LOOPBACK), 1)
    const b = new TestNode(createOn(LOOPBACK), 2)
    await start(a, b)
    const address = b.transport.addresses()
    a.knows(b)
    await connected(a, b)
    await b.transport.stop()
    await a.until(() => !a.isConnected(b))
    const again = new TestNode(createOn(address), 2)
    await start(again)
    await connected(a, again)
    expect(again.transport.send(a.self, 'consensus', bytesOf('here again'))).toBe(true)
    await a.until(() => a.messages.length === 1)
  })

  it('simultaneous dials end in working channels and gossip, both ways', async () => {
    for (let round = 0; round < 10; round++) {
      const nodes = [1, 2].map((number) => new TestNode(createOn(LOOPBACK), 10 * round + number)) as [
        TestNode,
        TestNode,
      ]
      for (const node of nodes) node.listen('status')
      await start(...nodes)
      const [a, b] = nodes
      a.knows(b)
      b.knows(a)
      await connected(a, b)
      for (let attempt = 0; a.gossip.length === 0 || b.gossip.length === 0; attempt++) {
        await a.transport.publish('status', bytesOf(`a ${attempt}`))
        await b.transport.publish('status', bytesOf(`b ${attempt}`))
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      expect(a.transport.send(b.self, 'consensus', bytesOf('x'))).toBe(true)
      expect(b.transport.send(a.self, 'consensus', bytesOf('y'))).toBe(true)
      await Promise.all(nodes.map((node) => node.until(() => node.messages.length === 1)))
    }
  })

  it('nodes of another chain find nothing to say to each other', async () => {
    const a = new TestNode(createOn(LOOPBACK), 1)
    const b = new TestNode(createOn(LOOPBACK), 2, 'd5'.repeat(32) as Hash)
    a.otherwise = 'bootstrap'
    b.transport.handleRequests('sync', async () => bytesOf('blocks of another chain'), {
      maxRequestBytes: 100,
      concurrency: 1,
    })
    await start(a, b)
    a.knows(b)
    await a.until(() => a.isConnected(b))
    const request = a.transport.request(b.self, 'sync', bytesOf('q'), { timeoutMs: 2_000, maxReplyBytes: 100 })
    await expect(request).rejects.toMatchObject({ code: 'protocol-unsupported' })
    expect(b.transport.connectedPeers()).toEqual([])
  })

  it('nobody but the named key may answer at an address', async () => {
    const a = new TestNode(createOn(LOOPBACK), 1)
    const impostor = new TestNode(createOn(LOOPBACK), 2)
    const victim = new TestNode(createOn(LOOPBACK), 3)
    await start(a, impostor)
    const opened: string[] = []
    impostor.transport.onPeerChange((_peer, change) => opened.push(change))
    a.transport.setPeers([{ transportKey: victim.self, addresses: impostor.transport.addresses() }])
    // Connecting to the real one afterwards shows that there was time enough.
    const b = new TestNode(createOn(LOOPBACK), 4)
    await start(b)
    b.knows(a)
    await connected(a, b)
    expect(a.transport.connectedPeers()).toEqual([b.self])
    expect(opened).toEqual([])
  })

  it('an address that cannot be used does not keep it from the others', async () => {
    const a = new TestNode(createOn(LOOPBACK), 1)
    const b = new TestNode(createOn(LOOPBACK), 2)
    await start(a, b)
    a.transport.setPeers([
      { transportKey: 'ee'.repeat(32) as PublicKey, addresses: ['hospital-e:7000'] },
      { transportKey: b.self, addresses: ['/ip4/127.0.0.1/udp/7000', ...b.transport.addresses()] },
    ])
    await connected(a, b)
  })

  it('a port that is taken, or an address that is none, fails start() with a message that names it', async () => {
    const a = new TestNode(createOn(LOOPBACK), 1)
    await start(a)
    const taken = new TestNode(createOn(a.transport.addresses()), 2)
    await expect(taken.transport.start()).rejects.toThrow(P2pError)
    await expect(taken.transport.start()).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringContaining(a.transport.addresses()[0] as string),
    })
    const nonsense = new TestNode(createOn(['7000']), 2)
    await expect(nonsense.transport.start()).rejects.toMatchObject({ code: 'address-invalid' })
  })

  it('lets the process end by itself after stop()', async () => {
    const script = `
      import { Libp2pTransport } from ${JSON.stringify(new URL('./libp2p-transport.ts', import.meta.url).href)}
      const logger = { debug() {}, info() {}, warn() {} }
      const create = (number) => new Libp2pTransport({
        chainId: ${JSON.stringify(CHAIN)}, allow: () => 'member', logger,
        seed: new Uint8Array(32).fill(number), listen: ['/ip4/127.0.0.1/tcp/0'],
      })
      const [a, b] = [create(1), create(2)]
      await a.start(); await b.start()
      const connected = new Promise((resolve) => b.onPeerChange((_, change) => change === 'connected' && resolve()))
      a.setPeers([
        { transportKey: b.self, addresses: b.addresses() },
        { transportKey: '${'00'.repeat(31)}01', addresses: ['/ip4/127.0.0.1/tcp/1'] },
      ])
      await connected
      await a.stop(); await b.stop()
      console.log('stopped')
    `
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 })
    expect((await run).stdout).toBe('stopped\n')
  })
})
