// The conformance suite of the transport port: what every implementation must do, run by the twin and by libp2p.
// Test code only. Nothing here waits for a time to pass; it waits for what it expects.

import { afterEach, describe, expect, it } from 'vitest'
import type { Hash, PublicKey } from '../types/brand.ts'
import { FRAME_BYTES_MAX, GOSSIP_MESSAGE_BYTES_MAX, STRANGERS_MAX } from './limits.ts'
import type {
  Misbehaviour,
  PeerClass,
  RefusalReason,
  RequestLimits,
  RequestOptions,
  Topic,
  Transport,
  TransportOptions,
  Verdict,
} from './transport.ts'

export const CHAIN = 'c4'.repeat(32) as Hash
export const SILENT_LOGGER = { debug: () => undefined, info: () => undefined, warn: () => undefined }

/** Makes the n-th node's transport; the same number gives the same key. */
export type CreateTransport = (number: number, options: TransportOptions) => Transport

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const WAIT: RequestOptions = { timeoutMs: 5_000, maxReplyBytes: 1_000 }
const SERVE: RequestLimits = { maxRequestBytes: 1_000, concurrency: 4 }

/** A node of a test: a transport that remembers what happened to it. */
export class TestNode {
  readonly transport: Transport
  readonly messages: string[] = []
  readonly gossip: string[] = []
  readonly refusals: { peer: PublicKey | null; reason: RefusalReason }[] = []
  readonly misbehaviours: { peer: PublicKey; what: Misbehaviour }[] = []
  readonly unheardBy: PublicKey[] = []
  readonly classes = new Map<PublicKey, PeerClass>()
  otherwise: PeerClass = 'member'
  #watchers: (() => void)[] = []

  constructor(create: CreateTransport, number: number, chainId = CHAIN) {
    this.transport = create(number, {
      chainId,
      logger: SILENT_LOGGER,
      allow: (peer) => this.classes.get(peer) ?? this.otherwise,
      onRefused: (peer, reason) => this.note(() => this.refusals.push({ peer, reason })),
      onMisbehaviour: (peer, what) => this.note(() => this.misbehaviours.push({ peer, what })),
    })
    this.transport.onPeerChange(() => this.note(() => undefined))
    this.transport.onUnheard((peer) => this.note(() => this.unheardBy.push(peer)))
    this.transport.onMessage((_peer, channel, message) => {
      this.note(() => this.messages.push(`${channel} ${textOf(message)}`))
    })
  }

  get self(): PublicKey {
    return this.transport.self
  }

  note(change: () => void): void {
    change()
    for (const watcher of [...this.#watchers]) watcher()
  }

  /** Resolves once `condition` holds; it is asked after every event of this node. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => {
      const watcher = (): void => {
        if (!condition()) return
        this.#watchers = this.#watchers.filter((other) => other !== watcher)
        resolve()
      }
      this.#watchers.push(watcher)
    })
  }

  isConnected(other: TestNode): boolean {
    return this.transport.connectedPeers().includes(other.self)
  }

  knows(...others: TestNode[]): void {
    const known = others.map(({ transport }) => ({ transportKey: transport.self, addresses: transport.addresses() }))
    this.transport.setPeers(known)
  }

  listen(topic: Topic, verdict: (text: string) => Verdict = () => 'accept', maxBytes = 1_000): void {
    this.transport.subscribe(
      topic,
      { maxBytes, validate: (_source, message) => verdict(textOf(message)) },
      (_, message) => this.note(() => this.gossip.push(`${topic} ${textOf(message)}`)),
    )
  }
}

export async function connected(a: TestNode, b: TestNode): Promise<void> {
  await Promise.all([a.until(() => a.isConnected(b)), b.until(() => b.isConnected(a))])
}

const failure = (promise: Promise<unknown>): Promise<{ code: string }> =>
  promise.then(
    () => ({ code: 'none' }),
    (error) => error,
  )

export function describeTransport(name: string, createWorld: () => CreateTransport): void {
  describe(name, () => {
    const running: TestNode[] = []
    let create = createWorld()

    const nodeOf = (number: number): TestNode => new TestNode(create, number)
    const start = async (...nodes: TestNode[]): Promise<void> => {
      for (const node of nodes) {
        running.push(node)
        await node.transport.start()
      }
    }
    const pair = async (
      prepare: (a: TestNode, b: TestNode) => void = () => undefined,
    ): Promise<[TestNode, TestNode]> => {
      const a = nodeOf(1)
      const b = nodeOf(2)
      prepare(a, b)
      await start(a, b)
      a.knows(b)
      return [a, b]
    }

    afterEach(async () => {
      await Promise.all(running.splice(0).map((node) => node.transport.stop()))
      create = createWorld()
    })

    describe('peers', () => {
      it('a node that knows the other connects both', async () => {
        const [a, b] = await pair()
        await connected(a, b)
        expect(a.transport.connectedPeers()).toEqual([b.self])
        expect(b.transport.connectedPeers()).toEqual([a.self])
      })

      it('two nodes that dial each other at once end up connected', async () => {
        const [a, b] = await pair()
        b.knows(a)
        await connected(a, b)
        expect(a.transport.send(b.self, 'consensus', bytesOf('hello'))).toBe(true)
        await b.until(() => b.messages.length === 1)
      })

      it('a refused key is refused by name, before anything of his is heard', async () => {
        const [a, b] = await pair((_, second) => {
          second.otherwise = 'refused'
          second.listen('status')
        })
        await b.until(() => b.refusals.length > 0)
        expect(b.refusals[0]).toEqual({ peer: a.self, reason: 'unknown-key' })
        expect(b.transport.counters().refusedInbound).toBeGreaterThan(0)
        expect(b.transport.connectedPeers()).toEqual([])
        expect(a.transport.send(b.self, 'consensus', bytesOf('let me in'))).toBe(false)
        expect(b.messages).toEqual([])
      })

      it('we do not dial a peer that we refuse', async () => {
        const [a, b] = await pair((first) => {
          first.otherwise = 'refused'
        })
        expect(await failure(a.transport.request(b.self, 'sync', bytesOf('x'), WAIT))).toMatchObject({
          code: 'not-connected',
        })
        expect(b.refusals).toEqual([])
      })

      it('recheck() disconnects a peer that is not allowed any more, and it stays out', async () => {
        const [a, b] = await pair()
        await connected(a, b)
        b.classes.set(a.self, 'refused')
        b.transport.recheck()
        await a.until(() => !a.isConnected(b))
        expect(b.transport.connectedPeers()).toEqual([])
        await b.until(() => b.refusals.some(({ reason }) => reason === 'unknown-key') || b.refusals.length === 1)
        expect(b.refusals[0]).toEqual({ peer: a.self, reason: 'class-changed' })
      })

      it('recheck() turns a bootstrap peer into a member', async () => {
        const [a, b] = await pair((first) => {
          first.otherwise = 'bootstrap'
        })
        await a.until(() => a.isConnected(b))
        expect(a.transport.send(b.self, 'consensus', bytesOf('too early'))).toBe(false)
        a.otherwise = 'member'
        a.transport.recheck()
        await connected(a, b)
        expect(a.transport.send(b.self, 'consensus', bytesOf('now'))).toBe(true)
        await b.until(() => b.messages.length === 1)
        expect(b.messages).toEqual(['consensus now'])
      })

      it('a peer that was restarted is connected again', async () => {
        const [a, b] = await pair()
        await connected(a, b)
        await b.transport.stop()
        await a.until(() => !a.isConnected(b))
        const again = nodeOf(2)
        await start(again)
        again.knows(a)
        await connected(a, again)
        expect(a.transport.send(again.self, 'forward', bytesOf('welcome back'))).toBe(true)
        await again.until(() => again.messages.length === 1)
      })
    })

    describe('channels', () => {
      it('messages arrive in order, on their channel, from their sender', async () => {
        const [a, b] = await pair()
        await connected(a, b)
        for (const text of ['1', '2', '3']) expect(a.transport.send(b.self, 'consensus', bytesOf(text))).toBe(true)
        expect(b.transport.send(a.self, 'forward', bytesOf('4'))).toBe(true)
        await Promise.all([b.until(() => b.messages.length === 3), a.until(() => a.messages.length === 1)])
        expect(b.messages).toEqual(['consensus 1', 'consensus 2', 'consensus 3'])
        expect(a.messages).toEqual(['forward 4'])
      })

      it('bytes handed to send() may be reused at once', async () => {
        const [a, b] = await pair()
        await connected(a, b)
        const message = bytesOf('before')
        a.transport.send(b.self, 'consensus', message)
        message.fill(0)
        await b.until(() => b.messages.length === 1)
        expect(b.messages).toEqual(['consensus before'])
      })

      it('a message of the largest size arrives, one byte more is refused to the sender', async () => {
        let received = 0
        const [a, b] = await pair((_, second) => {
          second.transport.onMessage((_peer, _channel, message) => second.note(() => (received = message.length)))
        })
        await connected(a, b)
        const largest = new Uint8Array(FRAME_BYTES_MAX.forward)
        expect(a.transport.send(b.self, 'forward', largest)).toBe(true)
        await b.until(() => received === largest.length)
        const larger = new Uint8Array(FRAME_BYTES_MAX.forward + 1)
        expect(() => a.transport.send(b.self, 'forward', larger)).toThrow(/at most 4194304 accepted/)
      })

      it('send() says no to a peer that is not connected', async () => {
        const a = nodeOf(1)
        await start(a)
        expect(a.transport.send(nodeOf(2).self, 'consensus', bytesOf('x'))).toBe(false)
      })

      it('a slow receiver makes send() say no, and nothing that was accepted is lost', async () => {
        const sizes: number[] = []
        const { promise: released, resolve: release } = Promise.withResolvers<void>()
        const [a, b] = await pair((_, second) => {
          second.transport.onMessage((_peer, _channel, message) => {
            second.note(() => sizes.push(message.length))
            return released
          })
        })
        await connected(a, b)
        const accepted: number[] = []
        const chunk = new Uint8Array(1024 * 1024)
        while (a.transport.send(b.self, 'consensus', chunk.subarray(accepted.length))) {
          accepted.push(chunk.length - accepted.length)
          expect(accepted.length).toBeLessThan(64)
        }
        expect(a.transport.counters().sendQueueFull).toBe(1)
        release()
        await b.until(() => sizes.length === accepted.length)
        expect(sizes).toEqual(accepted)
        expect(a.transport.send(b.self, 'consensus', chunk)).toBe(true)
      })

      it('a handler that throws loses its message and nothing else', async () => {
        const [a, b] = await pair((_, second) => {
          second.transport.onMessage((_peer, _channel, message) => {
            if (textOf(message) === 'bad') throw new Error('cannot read it')
            second.note(() => second.messages.push(textOf(message)))
          })
        })
        await connected(a, b)
        a.transport.send(b.self, 'consensus', bytesOf('bad'))
        a.transport.send(b.self, 'consensus', bytesOf('good'))
        await b.until(() => b.messages.length === 1)
        expect(b.transport.counters().handlerFailures).toBe(1)
      })
    })

    describe('requests', () => {
      it('a request gets its answer, and the handler learns who asks', async () => {
        let asker = ''
        const [a, b] = await pair((_, second) => {
          const answer = async (peer: PublicKey, message: Uint8Array): Promise<Uint8Array> => {
            asker = peer
            return bytesOf(`re: ${textOf(message)}`)
          }
          second.transport.handleRequests('record', answer, SERVE)
        })
        await connected(a, b)
        expect(textOf(await a.transport.request(b.self, 'record', bytesOf('q'), WAIT))).toBe('re: q')
        expect(await a.transport.request(b.self, 'record', new Uint8Array(0), WAIT)).toEqual(bytesOf('re: '))
        expect(asker).toBe(a.self)
      })

      it('a protocol that the peer does not serve is named', async () => {
        const [a, b] = await pair()
        await connected(a, b)
        expect(await failure(a.transport.request(b.self, 'record', bytesOf('q'), WAIT))).toMatchObject({
          code: 'protocol-unsupported',
        })
      })

      it('a handler that fails is the peer’s failure, without its text', async () => {
        const [a, b] = await pair((_, second) => {
          second.transport.handleRequests('record', () => Promise.reject(new Error('secret of B')), SERVE)
        })
        await connected(a, b)
        const error = await failure(a.transport.request(b.self, 'record', bytesOf('q'), WAIT))
        expect(error).toMatchObject({ code: 'failed' })
        expect(String(error)).not.toContain('secret')
        expect(b.transport.counters().handlerFailures).toBe(1)
      })

      it('no reply in time is a timeout; the connection stays', async () => {
        const [a, b] = await pair((_, second) => {
          second.transport.handleRequests('record', () => new Promise(() => undefined), SERVE)
        })
        await connected(a, b)
        const options = { ...WAIT, timeoutMs: 50 }
        expect(await failure(a.transport.request(b.self, 'record', bytesOf('q'), options))).toMatchObject({
          code: 'timeout',
        })
        expect(a.isConnected(b)).toBe(true)
      })

      it('the caller can cancel', async () => {
        const cancel = new AbortController()
        const [a, b] = await pair((_, second) => {
          second.transport.handleRequests(
            'record',
            () => {
              cancel.abort()
              return new Promise(() => undefined)
            },
            SERVE,
          )
        })
        await connected(a, b)
        const request = a.transport.request(b.self, 'record', bytesOf('q'), { ...WAIT, signal: cancel.signal })
        expect(await failure(request)).toMatchObject({ code: 'cancelled' })
      })

      it('a reply above the bound is refused; one at the bound arrives', async () => {
        const [a, b] = await pair((_, second) => {
          const answer = async (_peer: PublicKey, message: Uint8Array): Promise<Uint8Array> =>
            new Uint8Array(Number(textOf(message)))
          second.transport.handleRequests('record', answer, SERVE)
        })
        await connected(a, b)
        expect(await a.transport.request(b.self, 'record', bytesOf('1000'), WAIT)).toHaveLength(1000)
        expect(await failure(a.transport.request(b.self, 'record', bytesOf('1001'), WAIT))).toMatchObject({
          code: 'reply-too-large',
        })
        expect(a.isConnected(b)).toBe(true)
      })

      it('a request above the bound closes the connection and names the peer', async () => {
        const [a, b] = await pair((_, second) => {
          second.transport.handleRequests('record', async () => bytesOf('never'), SERVE)
        })
        await connected(a, b)
        expect(await failure(a.transport.request(b.self, 'record', new Uint8Array(1001), WAIT))).toMatchObject({
          code: 'connection-lost',
        })
        expect(b.misbehaviours).toEqual([{ peer: a.self, what: 'frame-too-large' }])
        expect(b.transport.counters().misbehaviour).toBe(1)
      })

      it('more requests at once than agreed hear that the peer is busy', async () => {
        const { promise: released, resolve: release } = Promise.withResolvers<void>()
        let active = 0
        const [a, b] = await pair((_, second) => {
          const answer = async (): Promise<Uint8Array> => {
            second.note(() => active++)
            await released
            return bytesOf('done')
          }
          second.transport.handleRequests('record', answer, { ...SERVE, concurrency: 2 })
        })
        await connected(a, b)
        const served = [1, 2].map(() => a.transport.request(b.self, 'record', bytesOf('q'), WAIT))
        await b.until(() => active === 2)
        expect(await failure(a.transport.request(b.self, 'record', bytesOf('q'), WAIT))).toMatchObject({ code: 'busy' })
        release()
        expect((await Promise.all(served)).map(textOf)).toEqual(['done', 'done'])
        expect(b.transport.counters()).toMatchObject({ requestsServed: 2, requestsBusy: 1 })
      })

      it('a request whose connection ends is told so', async () => {
        const [a, b] = await pair((_, second) => {
          second.transport.handleRequests(
            'record',
            () => {
              second.classes.set(second.transport.connectedPeers()[0] as PublicKey, 'refused')
              second.transport.recheck()
              return new Promise(() => undefined)
            },
            SERVE,
          )
        })
        await connected(a, b)
        expect(await failure(a.transport.request(b.self, 'record', bytesOf('q'), WAIT))).toMatchObject({
          code: 'connection-lost',
        })
      })
    })

    describe('bootstrap peers', () => {
      const bootstrapPair = async (): Promise<[TestNode, TestNode]> => {
        const [a, b] = await pair((first, second) => {
          second.classes.set(first.self, 'bootstrap')
          for (const node of [first, second]) {
            for (const protocol of ['sync', 'record']) {
              node.transport.handleRequests(protocol, async () => bytesOf(protocol), SERVE)
            }
            node.listen('headers')
          }
        })
        await b.until(() => b.isConnected(a))
        return [a, b]
      }

      it('may sync, and nothing else', async () => {
        const [a, b] = await bootstrapPair()
        expect(textOf(await a.transport.request(b.self, 'sync', bytesOf('q'), WAIT))).toBe('sync')
        expect(await failure(a.transport.request(b.self, 'record', bytesOf('q'), WAIT))).toMatchObject({
          code: 'connection-lost',
        })
        expect(b.refusals).toContainEqual({ peer: a.self, reason: 'bootstrap-protocol' })
        expect(b.transport.counters().refusedProtocol).toBeGreaterThan(0)
        expect(a.isConnected(b)).toBe(false)
        expect(a.transport.send(b.self, 'consensus', bytesOf('x'))).toBe(false)
      })

      it('are asked for blocks, and nothing else is asked of or sent to them', async () => {
        const [a, b] = await bootstrapPair()
        expect(textOf(await b.transport.request(a.self, 'sync', bytesOf('q'), WAIT))).toBe('sync')
        expect(await failure(b.transport.request(a.self, 'record', bytesOf('q'), WAIT))).toMatchObject({
          code: 'not-permitted',
        })
        expect(b.transport.send(a.self, 'consensus', bytesOf('x'))).toBe(false)
      })
    })

    describe('strangers', () => {
      /** To whom the first is a stranger, until it has said its name. */
      const strangerPair = async (): Promise<[TestNode, TestNode]> => {
        const [a, b] = await pair((first, second) => {
          second.classes.set(first.self, 'stranger')
          for (const protocol of ['introduction', 'sync', 'snapshot', 'record']) {
            second.transport.handleRequests(
              protocol,
              async (peer, message) => {
                if (textOf(message) === 'my name') second.classes.set(peer, 'bootstrap')
                if (textOf(message) === 'my name') second.transport.recheck()
                return bytesOf(protocol)
              },
              SERVE,
            )
          }
          second.listen('status')
          first.transport.handleRequests('sync', async () => bytesOf('blocks'), SERVE)
        })
        await a.until(() => a.unheardBy.length > 0)
        return [a, b]
      }

      it('learn that they are not heard, may present themselves, and do nothing else', async () => {
        const [a, b] = await strangerPair()
        expect(a.unheardBy[0]).toBe(b.self)
        expect(textOf(await a.transport.request(b.self, 'introduction', bytesOf('q'), WAIT))).toBe('introduction')
        for (const protocol of ['sync', 'snapshot', 'record']) {
          expect(await failure(a.transport.request(b.self, protocol, bytesOf('q'), WAIT))).toMatchObject({
            code: 'connection-lost',
          })
        }
        expect(b.refusals).toContainEqual({ peer: a.self, reason: 'stranger-protocol' })
        expect(a.transport.send(b.self, 'consensus', bytesOf('x'))).toBe(false)
        await a.transport.publish('status', bytesOf('x'))
        expect([a.isConnected(b), b.isConnected(a), b.transport.connectedPeers()]).toEqual([false, false, []])
        expect([b.messages, b.gossip]).toEqual([[], []])
        expect(b.transport.counters().strangersHeard).toBe(1)
      })

      it('nothing but that is asked of them, and nothing sent to them', async () => {
        const [a, b] = await strangerPair()
        expect(await failure(b.transport.request(a.self, 'sync', bytesOf('q'), WAIT))).toMatchObject({
          code: 'not-permitted',
        })
        expect(b.transport.send(a.self, 'consensus', bytesOf('x'))).toBe(false)
      })

      it('are not dialled', async () => {
        const [a, b] = await pair((first) => {
          first.otherwise = 'stranger'
        })
        expect(await failure(a.transport.request(b.self, 'introduction', bytesOf('x'), WAIT))).toMatchObject({
          code: 'not-connected',
        })
      })

      it('who count as bootstrap peers, once they have presented themselves, keep their connection and serve blocks', async () => {
        const [a, b] = await strangerPair()
        expect(textOf(await a.transport.request(b.self, 'introduction', bytesOf('my name'), WAIT))).toBe('introduction')
        await b.until(() => b.isConnected(a))
        expect(textOf(await b.transport.request(a.self, 'sync', bytesOf('q'), WAIT))).toBe('blocks')
        expect(textOf(await a.transport.request(b.self, 'sync', bytesOf('q'), WAIT))).toBe('sync')
      })

      it('that are too many are turned away at the handshake', async () => {
        const host = nodeOf(1)
        host.otherwise = 'stranger'
        await start(host)
        const guests = Array.from({ length: STRANGERS_MAX + 1 }, (_, i) => nodeOf(2 + i))
        for (const guest of guests) await start(guest)
        for (const guest of guests.slice(0, -1)) {
          guest.knows(host)
          await guest.until(() => guest.unheardBy.length > 0)
        }
        const last = guests.at(-1) as TestNode
        last.knows(host)
        await host.until(() => host.refusals.some(({ reason }) => reason === 'strangers-limit'))
        expect(host.refusals).toContainEqual({ peer: last.self, reason: 'strangers-limit' })
        expect(last.unheardBy).toEqual([])
      })
    })

    describe('gossip', () => {
      /** 1 - 2 - 3: the ends are not connected. */
      const line = async (prepare: (nodes: readonly TestNode[]) => void): Promise<[TestNode, TestNode, TestNode]> => {
        const nodes: [TestNode, TestNode, TestNode] = [nodeOf(1), nodeOf(2), nodeOf(3)]
        prepare(nodes)
        await start(...nodes)
        const [a, b, c] = nodes
        b.knows(a, c)
        await Promise.all([connected(a, b), connected(b, c)])
        return nodes
      }
      /** Gossip finds its neighbours in its own time: one marked message after the other until one has arrived. */
      const publishUntilHeard = async (from: TestNode, to: TestNode): Promise<void> => {
        for (let attempt = 0; to.gossip.length === 0; attempt++) {
          await from.transport.publish('headers', bytesOf(`header ${attempt}`))
          await Promise.race([to.until(() => to.gossip.length > 0), new Promise((resolve) => setTimeout(resolve, 200))])
        }
      }

      it('reaches a node that is not our neighbour', async () => {
        const [a, , c] = await line((nodes) => {
          for (const node of nodes) node.listen('headers')
        })
        await publishUntilHeard(a, c)
        expect(c.gossip[0]).toMatch(/^headers header \d+$/)
        expect(a.gossip).toEqual([])
      })

      it('what a validator rejects is not passed on, and held against the neighbour', async () => {
        const [a, b, c] = await line(([first, second, third]) => {
          first?.listen('headers')
          second?.listen('headers', (text) => (text.startsWith('forged') ? 'reject' : 'accept'))
          third?.listen('headers')
        })
        await publishUntilHeard(a, c)
        await a.transport.publish('headers', bytesOf('forged'))
        await b.until(() => b.misbehaviours.length === 1)
        expect(b.misbehaviours).toEqual([{ peer: a.self, what: 'gossip-rejected' }])
        c.gossip.length = 0
        await publishUntilHeard(a, c)
        expect(c.gossip.join()).not.toContain('forged')
        expect(b.transport.counters().gossipRejected).toBe(1)
      })

      it('a message above the subscription’s bound is not delivered', async () => {
        const [a, b] = await pair((first, second) => {
          first.listen('headers')
          second.listen('headers', () => 'accept', 20)
        })
        await connected(a, b)
        await publishUntilHeard(a, b)
        await a.transport.publish('headers', bytesOf('x'.repeat(21)))
        await b.until(() => b.misbehaviours.length === 1)
        expect(b.misbehaviours).toEqual([{ peer: a.self, what: 'gossip-too-large' }])
      })

      it('refuses to publish, or to subscribe for, more than gossip carries', async () => {
        const a = nodeOf(1)
        expect(() => a.listen('status', () => 'accept', GOSSIP_MESSAGE_BYTES_MAX + 1)).toThrow(/gossip carries at most/)
        await start(a)
        expect(
          await failure(a.transport.publish('status', new Uint8Array(GOSSIP_MESSAGE_BYTES_MAX + 1))),
        ).toMatchObject({ code: 'message-too-large' })
        await a.transport.publish('status', bytesOf('nobody listens, nobody minds'))
      })
    })

    it('stop() lets queued messages leave first', async () => {
      const [a, b] = await pair()
      await connected(a, b)
      for (let i = 0; i < 100; i++) a.transport.send(b.self, 'consensus', bytesOf(`${i}`))
      await a.transport.stop()
      await b.until(() => b.messages.length === 100)
    })

    it('stop() ends the peers’ connections, and everything afterwards is refused', async () => {
      const [a, b] = await pair()
      await connected(a, b)
      await a.transport.stop()
      await b.until(() => !b.isConnected(a))
      expect(a.transport.connectedPeers()).toEqual([])
      expect(a.transport.addresses()).toEqual([])
      expect(a.transport.send(b.self, 'consensus', bytesOf('x'))).toBe(false)
      expect(await failure(a.transport.publish('status', bytesOf('x')))).toMatchObject({ code: 'not-started' })
      expect(await failure(a.transport.request(b.self, 'sync', bytesOf('x'), WAIT))).toMatchObject({
        code: 'not-started',
      })
    })
  })
}
