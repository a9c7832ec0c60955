// The transport port on the simulated network. One object a life of a node: a crash takes it away, the next start makes a
// new one. Whoever owns a node sees all consensus messages that pass: `tap`.

import { P2pError } from '../../src/p2p/errors.ts'
import type {
  Channel,
  GossipHandler,
  KnownPeer,
  MessageHandler,
  PeerChangeHandler,
  PeerClass,
  RequestHandler,
  RequestOptions,
  Subscription,
  Topic,
  Transport,
} from '../../src/p2p/transport.ts'
import type { PublicKey } from '../../src/types/brand.ts'
import type { Life } from './clock.ts'
import type { Network } from './network.ts'

/** What passes between a node and the network. False: the message goes no further. */
export interface Tap {
  outgoing(to: PublicKey, channel: Channel, message: Uint8Array): boolean
  incoming(from: PublicKey, channel: Channel, message: Uint8Array): boolean
  /** What is answered to a request instead of `reply`. */
  serving(protocol: string, reply: Uint8Array): Uint8Array
}

export interface SimulatedTransportOptions {
  readonly network: Network
  readonly life: Life
  readonly self: PublicKey
  readonly allow: (peer: PublicKey) => PeerClass
  readonly tap: Tap
  /** A handler threw: no peer's message may do that. */
  readonly onHandlerFailure: (error: unknown) => void
}

interface Waiting {
  readonly from: PublicKey
  readonly channel: Channel
  readonly message: Uint8Array
}

export class SimulatedTransport implements Transport {
  readonly self: PublicKey
  readonly #options: SimulatedTransportOptions
  readonly #network: Network
  readonly #life: Life
  readonly #servers = new Map<string, RequestHandler>()
  readonly #subscriptions = new Map<Topic, { readonly subscription: Subscription; readonly handler: GossipHandler }>()
  readonly #changeHandlers: PeerChangeHandler[] = []
  /** In the order of connecting. */
  readonly #connected = new Set<PublicKey>()
  readonly #heard = new WeakSet<Uint8Array>()
  /** Streams whose handler has not taken its message in yet, with what came since. */
  readonly #paused = new Map<string, Waiting[]>()
  #peers: ReadonlySet<PublicKey> = new Set()
  #messageHandler: MessageHandler | null = null
  readonly #lossListeners = new Map<PublicKey, Set<() => void>>()

  constructor(options: SimulatedTransportOptions) {
    this.#options = options
    this.#network = options.network
    this.#life = options.life
    this.self = options.self
  }

  async start(): Promise<void> {
    this.#network.join(this)
  }

  async stop(): Promise<void> {
    this.#network.leave(this)
  }

  addresses(): readonly string[] {
    return [`simulated:${this.self}`]
  }

  counters(): ReturnType<Transport['counters']> {
    throw new Error('a simulated transport counts nothing')
  }

  // ── peers ──

  setPeers(peers: readonly KnownPeer[]): void {
    this.#peers = new Set(peers.map(({ transportKey }) => transportKey))
  }

  recheck(): void {
    for (const peer of this.#connected) {
      if (this.#options.allow(peer) !== 'member') this.#network.disconnect(this.self, peer)
    }
  }

  connectedPeers(): readonly PublicKey[] {
    return [...this.#connected]
  }

  onPeerChange(handler: PeerChangeHandler): void {
    this.#changeHandlers.push(handler)
  }

  /** Members are connected, or not at all. */
  onUnheard(): void {}

  admits(peer: PublicKey): boolean {
    return this.#peers.has(peer) && this.#options.allow(peer) === 'member'
  }

  found(peer: PublicKey): void {
    this.#life.enter(() => {
      if (!this.#network.isConnected(this.self, peer) || this.#connected.has(peer)) return
      this.#connected.add(peer)
      for (const handler of this.#changeHandlers) handler(peer, 'connected')
    })
  }

  lost(peer: PublicKey): void {
    this.#life.enter(() => {
      if (!this.#connected.delete(peer)) return
      for (const listener of this.#lossListeners.get(peer) ?? []) listener()
      this.#lossListeners.delete(peer)
      for (const handler of this.#changeHandlers) handler(peer, 'disconnected')
      // It may have come back before we noticed that it was gone.
      if (this.#network.isConnected(this.self, peer)) this.found(peer)
    })
  }

  // ── channels ──

  send(peer: PublicKey, channel: Channel, message: Uint8Array): boolean {
    if (!this.#connected.has(peer)) return false
    if (this.#options.tap.outgoing(peer, channel, message)) this.push(peer, channel, message)
    return true
  }

  /** Past the tap. */
  push(peer: PublicKey, channel: Channel, message: Uint8Array): void {
    const { self } = this
    this.#network.carry({ from: self, to: peer, isOrdered: true }, () => {
      this.#network.node(peer)?.arrive({ from: self, channel, message })
    })
  }

  onMessage(handler: MessageHandler): void {
    this.#messageHandler = handler
  }

  arrive(waiting: Waiting): void {
    this.#life.enter(() => this.#receive(waiting))
  }

  #receive(waiting: Waiting): void {
    const { from, channel, message } = waiting
    if (!this.#connected.has(from) || !this.#options.tap.incoming(from, channel, message)) return
    const stream = (): string => `${from}/${channel}`
    const behind = this.#paused.size === 0 ? undefined : this.#paused.get(stream())
    if (behind !== undefined) {
      behind.push(waiting)
      return
    }
    const done = this.deliver(from, channel, message)
    if (!(done instanceof Promise)) return
    this.#pause(stream(), done)
  }

  #pause(stream: string, done: Promise<void>): void {
    this.#paused.set(stream, [])
    const taken = done.catch((error: unknown) => this.#options.onHandlerFailure(error))
    void taken.then(() => {
      const held = this.#paused.get(stream) ?? []
      this.#paused.delete(stream)
      for (const each of held) this.arrive(each)
    })
  }

  /** Past the tap. */
  deliver(from: PublicKey, channel: Channel, message: Uint8Array): void | Promise<void> {
    return this.#guard(() => this.#messageHandler?.(from, channel, message))
  }

  // ── requests ──

  async request(peer: PublicKey, protocol: string, message: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    const { self } = this
    if (!this.#connected.has(peer)) throw new P2pError('not-connected', `request ${protocol}: not connected`, { peer })
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const fail = (code: 'timeout' | 'connection-lost' | 'failed', text: string): void =>
      reject(new P2pError(code, `request ${protocol}: ${text}`, { peer }))
    const cancel = this.#life.after(options.timeoutMs, () => fail('timeout', 'no reply in time'))
    const lost = (): void => fail('connection-lost', 'the connection ended before the reply')
    const listeners = this.#lossListeners.get(peer) ?? new Set()
    this.#lossListeners.set(peer, listeners.add(lost))
    this.#network.carry({ from: self, to: peer, isOrdered: false }, () => {
      const server = this.#network.node(peer)
      server?.serve(self, protocol, message).then(
        (reply) =>
          this.#network.carry({ from: peer, to: self, isOrdered: false }, () => this.#life.enter(() => resolve(reply))),
        () => this.#life.enter(() => fail('failed', 'the peer could not serve it')),
      )
    })
    try {
      return await promise
    } finally {
      cancel()
      listeners.delete(lost)
    }
  }

  handleRequests(protocol: string, handler: RequestHandler): void {
    this.#servers.set(protocol, handler)
  }

  /** In the life of the node that serves. */
  serve(peer: PublicKey, protocol: string, message: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#life.enter(() => {
        const server = this.#servers.get(protocol)
        if (server === undefined) reject(new P2pError('protocol-unsupported', protocol))
        else server(peer, message).then((reply) => resolve(this.#options.tap.serving(protocol, reply)), reject)
      })
    })
  }

  // ── gossip ──

  async publish(topic: Topic, message: Uint8Array): Promise<void> {
    this.#heard.add(message)
    for (const peer of this.#connected) this.#tell(peer, topic, message)
  }

  subscribe(topic: Topic, subscription: Subscription, handler: GossipHandler): void {
    this.#subscriptions.set(topic, { subscription, handler })
  }

  #tell(peer: PublicKey, topic: Topic, message: Uint8Array): void {
    const { self } = this
    this.#network.carry({ from: self, to: peer, isOrdered: false }, () => {
      this.#network.node(peer)?.hear({ origin: self, source: self, topic, message })
    })
  }

  hear(said: { origin: PublicKey; source: PublicKey; topic: Topic; message: Uint8Array }): void {
    this.#life.enter(() => {
      const { origin, source, topic, message } = said
      const entry = this.#subscriptions.get(topic)
      if (entry === undefined || this.#heard.has(message)) return
      this.#heard.add(message)
      const judged = this.#guard(() => entry.subscription.validate(source, message))
      void Promise.resolve(judged).then((verdict) => {
        if (verdict !== 'accept') return
        this.#guard(() => entry.handler(source, message))
        // On to those whom its author does not reach.
        for (const peer of this.#connected) {
          if (peer === source || peer === origin || this.#network.isConnected(origin, peer)) continue
          this.#network.carry({ from: this.self, to: peer, isOrdered: false }, () => {
            this.#network.node(peer)?.hear({ ...said, source: this.self })
          })
        }
      })
    })
  }

  #guard<T>(run: () => T): T | undefined {
    try {
      return run()
    } catch (error) {
      this.#options.onHandlerFailure(error)
      return undefined
    }
  }
}
