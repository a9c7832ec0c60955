// The transport's twin: no sockets, no randomness, no timer but a requester's time-out and a stranger's. Same port, same rules, same
// conformance suite as the transport over libp2p; the network between the nodes is memory-network.ts.

import { sha256Hex } from '../crypto/hash.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import { type Counters, createCounters } from './counters.ts'
import { P2pError } from './errors.ts'
import { Gate } from './gate.ts'
import { assertGossipBound, assertGossipMessage } from './gossip-bounds.ts'
import { createFailureReport, type ReportHandlerFailure } from './handler-failure.ts'
import { FRAME_BYTES_MAX } from './limits.ts'
import type { MemoryLink, MemoryNetwork } from './memory-network.ts'
import { MemoryPipe } from './memory-pipe.ts'
import {
  CHANNELS,
  type Channel,
  type GossipHandler,
  type KnownPeer,
  type MessageHandler,
  type PeerChange,
  type PeerChangeHandler,
  type PeerClass,
  type RequestHandler,
  type RequestLimits,
  type RequestOptions,
  type Subscription,
  type Topic,
  type Transport,
  type TransportOptions,
  type UnheardHandler,
} from './transport.ts'

export interface MemoryTransportOptions extends TransportOptions {
  readonly network: MemoryNetwork
  readonly transportKey: PublicKey
}

interface Neighbour {
  readonly node: MemoryTransport
  readonly link: MemoryLink
  peerClass: PeerClass
  readonly pipes: ReadonlyMap<Channel, MemoryPipe>
  announced: boolean
}

interface Server {
  readonly handler: RequestHandler
  readonly limits: RequestLimits
  active: number
}

export class MemoryTransport implements Transport {
  readonly self: PublicKey
  readonly gate: Gate
  readonly #options: MemoryTransportOptions
  readonly #network: MemoryNetwork
  readonly #counters: Counters = createCounters()
  readonly #onHandlerFailure: ReportHandlerFailure
  readonly #neighbours = new Map<PublicKey, Neighbour>()
  readonly #servers = new Map<string, Server>()
  readonly #subscriptions = new Map<Topic, { subscription: Subscription; handler: GossipHandler }>()
  readonly #changeHandlers: PeerChangeHandler[] = []
  readonly #unheardHandlers: UnheardHandler[] = []
  readonly #heard = new Set<Hash>()
  #targets: readonly PublicKey[] = []
  #messageHandler: MessageHandler | null = null
  #running = false

  constructor(options: MemoryTransportOptions) {
    this.#options = options
    this.#network = options.network
    this.self = options.transportKey
    this.gate = new Gate(options, this.#counters)
    this.#onHandlerFailure = createFailureReport(this.#counters, options.logger)
  }

  async start(): Promise<void> {
    this.#running = true
    this.#network.join(this)
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#network.enqueue(() => this.#network.leave(this))
  }

  addresses(): readonly string[] {
    return this.#running ? [`memory:${this.self}`] : []
  }

  counters(): Readonly<Counters> {
    return { ...this.#counters }
  }

  // ── peers ──

  setPeers(peers: readonly KnownPeer[]): void {
    const others = peers.filter((peer) => peer.transportKey !== this.self && peer.addresses.length > 0)
    this.#targets = others.map((peer) => peer.transportKey)
    if (this.#running) this.#network.reconcile()
  }

  recheck(): void {
    for (const [peer, neighbour] of [...this.#neighbours]) {
      const peerClass = this.gate.classOf(peer)
      if (peerClass === neighbour.peerClass) continue
      if (neighbour.peerClass === 'stranger' && peerClass === 'bootstrap') {
        this.gate.strangers.leave(peer)
        neighbour.peerClass = peerClass
        this.#network.enqueue(() => this.#announce(neighbour))
        continue
      }
      if (peerClass === 'refused') this.gate.reportRefused(peer, 'class-changed')
      this.#network.drop(neighbour.link)
    }
    this.#network.reconcile()
  }

  connectedPeers(): readonly PublicKey[] {
    if (!this.#running) return []
    return [...this.#neighbours].filter(([, neighbour]) => neighbour.announced).map(([peer]) => peer)
  }

  onPeerChange(handler: PeerChangeHandler): void {
    this.#changeHandlers.push(handler)
  }

  onUnheard(handler: UnheardHandler): void {
    this.#unheardHandlers.push(handler)
  }

  dialTargets(): readonly PublicKey[] {
    return this.#targets
  }

  onLinkOpened(link: MemoryLink, node: MemoryTransport): void {
    const peerClass = this.gate.classOf(node.self)
    if (peerClass === 'stranger' && !this.gate.strangers.enter(node.self, () => this.#network.drop(link))) {
      this.#network.enqueue(() => this.#network.drop(link))
      return
    }
    const pipes = new Map(CHANNELS.map((channel) => [channel, this.#createPipe(node, channel)]))
    const neighbour: Neighbour = { node, link, peerClass, pipes, announced: false }
    this.#neighbours.set(node.self, neighbour)
    this.#network.enqueue(() => this.#announce(neighbour))
  }

  onLinkDropped(peer: PublicKey): void {
    const neighbour = this.#neighbours.get(peer)
    if (!neighbour) return
    this.#neighbours.delete(peer)
    if (neighbour.peerClass === 'stranger') this.gate.strangers.leave(peer)
    for (const pipe of neighbour.pipes.values()) pipe.close()
    if (neighbour.announced) this.#tell(peer, 'disconnected')
  }

  /** A member is connected when it takes our channels, a bootstrap peer when there is a connection. */
  #announce(neighbour: Neighbour): void {
    const { node, link, peerClass } = neighbour
    if (!link.alive || peerClass === 'stranger') return
    if (peerClass === 'member' && node.gate.classOf(this.self) !== 'member') {
      for (const handler of this.#unheardHandlers) handler(node.self)
      return
    }
    neighbour.announced = true
    this.#tell(node.self, 'connected')
  }

  #tell(peer: PublicKey, change: PeerChange): void {
    this.#options.logger.info({ peer, change }, 'peer changed')
    for (const handler of this.#changeHandlers) handler(peer, change)
  }

  // ── channels ──

  #createPipe(node: MemoryTransport, channel: Channel): MemoryPipe {
    return new MemoryPipe(this.#network, (message) => node.receive(this.self, channel, message))
  }

  send(peer: PublicKey, channel: Channel, message: Uint8Array): boolean {
    const max = FRAME_BYTES_MAX[channel]
    if (message.length > max) {
      throw new P2pError('message-too-large', `${channel}: message of ${message.length} bytes, at most ${max} accepted`)
    }
    const neighbour = this.#neighbours.get(peer)
    if (!this.#running || !neighbour?.announced || neighbour.peerClass !== 'member') return false
    if (!neighbour.pipes.get(channel)?.push(message.slice())) {
      this.#counters.sendQueueFull++
      return false
    }
    this.#counters.messagesSent++
    this.#counters.bytesSent += message.length
    return true
  }

  onMessage(handler: MessageHandler): void {
    this.#messageHandler = handler
  }

  /** What the pipe of `peer` delivers. */
  receive(peer: PublicKey, channel: Channel, message: Uint8Array): undefined | Promise<void> {
    this.#counters.messagesReceived++
    this.#counters.bytesReceived += message.length
    try {
      const done = this.#messageHandler?.(peer, channel, message)
      return done?.catch((error) => this.#onHandlerFailure(error, { peer, channel }))
    } catch (error) {
      this.#onHandlerFailure(error, { peer, channel })
      return undefined
    }
  }

  // ── requests ──

  async request(peer: PublicKey, protocol: string, message: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (!this.#running) throw new P2pError('not-started', 'the transport is not running')
    const neighbour = this.#neighbours.get(peer)
    if (!neighbour) throw new P2pError('not-connected', `request ${protocol}: not connected to the peer`, { peer })
    if (!this.gate.permits(peer, protocol)) {
      throw new P2pError('not-permitted', `request ${protocol}: not with a bootstrap peer`, { peer })
    }
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const fail = (code: 'timeout' | 'cancelled' | 'connection-lost', text: string) => (): void =>
      reject(new P2pError(code, `request ${protocol}: ${text}`, { peer }))
    const lost = fail('connection-lost', 'the connection ended before the reply')
    AbortSignal.timeout(options.timeoutMs).addEventListener('abort', fail('timeout', 'no reply in time'))
    options.signal?.addEventListener('abort', fail('cancelled', 'cancelled by the caller'))
    const request = message.slice()
    const { link, node } = neighbour
    link.requests.add(lost)
    this.#network.enqueue(() => {
      if (!link.alive) return
      node.serve(this.self, protocol, request).then((answer) => this.#network.enqueue(() => resolve(answer)), reject)
    })
    const reply = await promise.finally(() => link.requests.delete(lost))
    if (reply.length <= options.maxReplyBytes) return reply
    throw new P2pError('reply-too-large', `request ${protocol}: the reply is larger than asked for`, { peer })
  }

  handleRequests(protocol: string, handler: RequestHandler, limits: RequestLimits): void {
    this.#servers.set(protocol, { handler, limits, active: 0 })
  }

  /** What a request of `peer` comes to. Rejects with the P2pError that the requester is to see. */
  async serve(peer: PublicKey, protocol: string, message: Uint8Array): Promise<Uint8Array> {
    const server = this.#servers.get(protocol)
    if (!server) throw new P2pError('protocol-unsupported', `request ${protocol}: the peer does not serve it`)
    if (!this.gate.admits(peer, protocol)) {
      throw new P2pError('connection-lost', `request ${protocol}: the peer refused it`)
    }
    if (message.length > server.limits.maxRequestBytes) {
      this.gate.reportMisbehaviour(peer, 'frame-too-large')
      const neighbour = this.#neighbours.get(peer)
      if (neighbour) this.#network.drop(neighbour.link)
      throw new P2pError('connection-lost', `request ${protocol}: the peer closed the connection`)
    }
    if (server.active >= server.limits.concurrency) {
      this.#counters.requestsBusy++
      throw new P2pError('busy', `request ${protocol}: the peer is busy`)
    }
    server.active++
    this.#counters.requestsServed++
    try {
      return (await server.handler(peer, message)).slice()
    } catch (error) {
      this.#onHandlerFailure(error, { peer, protocol })
      throw new P2pError('failed', `request ${protocol}: the peer could not serve it`)
    } finally {
      server.active--
    }
  }

  // ── gossip ──

  async publish(topic: Topic, message: Uint8Array): Promise<void> {
    if (!this.#running) throw new P2pError('not-started', 'the transport is not running')
    assertGossipMessage(topic, message)
    const id = sha256Hex(message)
    if (this.#heard.has(id)) return
    this.#heard.add(id)
    this.#spread(topic, message.slice(), null)
  }

  subscribe(topic: Topic, subscription: Subscription, handler: GossipHandler): void {
    assertGossipBound(topic, subscription.maxBytes)
    this.#subscriptions.set(topic, { subscription, handler })
  }

  #spread(topic: Topic, message: Uint8Array, from: PublicKey | null): void {
    for (const [peer, { node, link, peerClass }] of this.#neighbours) {
      if (peer === from || peerClass !== 'member') continue
      this.#network.enqueue(() => {
        if (link.alive) void node.hear(this.self, topic, message)
      })
    }
  }

  /** What the neighbour `source` passes on. */
  async hear(source: PublicKey, topic: Topic, message: Uint8Array): Promise<void> {
    const entry = this.#subscriptions.get(topic)
    const id = sha256Hex(message)
    if (!entry || this.#heard.has(id) || !this.gate.permits(source, 'gossip')) return
    this.#heard.add(id)
    if (message.length > entry.subscription.maxBytes) {
      this.#counters.gossipRejected++
      this.gate.reportMisbehaviour(source, 'gossip-too-large')
      return
    }
    try {
      const judged = entry.subscription.validate(source, message)
      const verdict = typeof judged === 'string' ? judged : await judged
      if (verdict === 'ignore') this.#counters.gossipIgnored++
      if (verdict === 'reject') {
        this.#counters.gossipRejected++
        this.gate.reportMisbehaviour(source, 'gossip-rejected')
      }
      if (verdict !== 'accept') return
      this.#counters.gossipAccepted++
      this.#spread(topic, message, source)
      entry.handler(source, message.slice())
    } catch (error) {
      this.#onHandlerFailure(error, { topic })
    }
  }
}
