// The transport over libp2p: wires the host to the parts. Who is connected is in sessions.ts, what happens on a stream in
// channels.ts, requests.ts and gossip.ts, who may in gate.ts.

import type { PublicKey } from '../types/brand.ts'
import { dialAddress, parseAddress } from './addresses.ts'
import { receiveChannel } from './channels.ts'
import { type Counters, createCounters } from './counters.ts'
import { P2pError } from './errors.ts'
import { Gate } from './gate.ts'
import { Gossip, type GossipSubscription } from './gossip.ts'
import { assertGossipBound } from './gossip-bounds.ts'
import { createFailureReport, type ReportHandlerFailure } from './handler-failure.ts'
import { createHost, type Host } from './host.ts'
import { CHANNEL_STREAMS_MAX, FLUSH_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS } from './limits.ts'
import { listenFailure } from './listen-failure.ts'
import { Redialer } from './redial.ts'
import { ask, RequestServer } from './requests.ts'
import { Sessions } from './sessions.ts'
import {
  CHANNELS,
  type Channel,
  type GossipHandler,
  type KnownPeer,
  type MessageHandler,
  type PeerChange,
  type PeerChangeHandler,
  type RequestHandler,
  type RequestLimits,
  type RequestOptions,
  type Subscription,
  type Topic,
  type Transport,
  type TransportOptions,
  type UnheardHandler,
} from './transport.ts'
import { libp2pKeyOf, transportKeyOf } from './transport-key.ts'
import { protocolId } from './wire-names.ts'

export interface Libp2pTransportOptions extends TransportOptions {
  /** 32-byte Ed25519 seed of the transport key. */
  readonly seed: Uint8Array
  /** TCP multiaddrs to listen on, such as /ip4/0.0.0.0/tcp/7000; port 0 takes a free one. */
  readonly listen: readonly string[]
}

export class Libp2pTransport implements Transport {
  readonly self: PublicKey
  readonly #options: Libp2pTransportOptions
  readonly #counters: Counters = createCounters()
  readonly #gate: Gate
  readonly #onHandlerFailure: ReportHandlerFailure
  readonly #redialer: Redialer
  readonly #sessions: Sessions
  readonly #requestServers = new Map<string, RequestServer>()
  readonly #subscriptions: GossipSubscription[] = []
  readonly #changeHandlers: PeerChangeHandler[] = []
  readonly #unheardHandlers: UnheardHandler[] = []
  #messageHandler: MessageHandler | null = null
  #host: Host | null = null
  #gossip: Gossip | null = null

  constructor(options: Libp2pTransportOptions) {
    this.#options = options
    this.self = libp2pKeyOf(options.seed).transportKey
    this.#gate = new Gate(options, this.#counters)
    this.#onHandlerFailure = createFailureReport(this.#counters, options.logger)
    this.#redialer = new Redialer({
      dial: (peer, addresses) => this.#dial(peer, addresses),
      isConnected: (peer) => this.#sessions.get(peer) !== undefined,
    })
    this.#sessions = new Sessions({
      self: this.self,
      chainId: options.chainId,
      gate: this.#gate,
      counters: this.#counters,
      logger: options.logger,
      onChange: (peer, change) => this.#onChange(peer, change),
      onUnheard: (peer) => {
        for (const handler of this.#unheardHandlers) handler(peer)
      },
      onGone: (peer) => this.#redialer.onDisconnected(peer),
    })
  }

  async start(): Promise<void> {
    const { chainId, listen, seed, logger } = this.#options
    for (const address of listen) parseAddress(address)
    const host = await createHost({ privateKey: libp2pKeyOf(seed).privateKey, chainId, listen, gate: this.#gate })
    host.addEventListener('connection:open', (event) => this.#sessions.onOpen(event.detail))
    host.addEventListener('connection:close', (event) => this.#sessions.onClose(event.detail))
    for (const channel of CHANNELS) await this.#handleChannel(host, channel)
    for (const [protocol, server] of this.#requestServers) await this.#handleProtocol(host, { protocol, server })
    try {
      await host.start()
    } catch (error) {
      throw listenFailure(listen, error)
    }
    this.#host = host
    this.#gossip = new Gossip({
      pubsub: host.services.gossip,
      chainId,
      gate: this.#gate,
      counters: this.#counters,
      onHandlerFailure: this.#onHandlerFailure,
    })
    for (const subscription of this.#subscriptions) this.#gossip.subscribe(subscription)
    this.#redialer.start()
    logger.info({ transportKey: this.self, addresses: this.addresses() }, 'listening for peers')
  }

  async stop(): Promise<void> {
    this.#redialer.stop()
    await this.#sessions.close(AbortSignal.timeout(FLUSH_TIMEOUT_MS))
    await this.#host?.stop()
    this.#host = null
    this.#gossip = null
  }

  addresses(): readonly string[] {
    return this.#host?.getMultiaddrs().map((address) => address.decapsulate('/p2p').toString()) ?? []
  }

  counters(): Readonly<Counters> {
    return { ...this.#counters }
  }

  // ── peers ──

  setPeers(peers: readonly KnownPeer[]): void {
    const others = peers.filter((peer) => peer.transportKey !== this.self)
    this.#redialer.setPeers(others.map((peer) => ({ ...peer, addresses: this.#usableAddresses(peer) })))
  }

  #usableAddresses({ transportKey, addresses }: KnownPeer): string[] {
    return addresses.filter((address) => {
      try {
        dialAddress(address, transportKey)
        return true
      } catch (error) {
        this.#options.logger.warn({ peer: transportKey, error }, 'address of a peer ignored')
        return false
      }
    })
  }

  recheck(): void {
    this.#sessions.recheck()
  }

  connectedPeers(): readonly PublicKey[] {
    return this.#sessions.connected()
  }

  onPeerChange(handler: PeerChangeHandler): void {
    this.#changeHandlers.push(handler)
  }

  onUnheard(handler: UnheardHandler): void {
    this.#unheardHandlers.push(handler)
  }

  async #dial(peer: PublicKey, addresses: readonly string[]): Promise<void> {
    const host = this.#host
    if (!host || !this.#gate.isDialled(peer)) return
    try {
      const signal = AbortSignal.timeout(HANDSHAKE_TIMEOUT_MS)
      await host.dial(
        addresses.map((address) => dialAddress(address, peer)),
        { signal },
      )
    } catch (error) {
      this.#options.logger.debug({ peer, addresses, error }, 'peer not reached')
      throw error
    }
  }

  #onChange(peer: PublicKey, change: PeerChange): void {
    if (change === 'connected') this.#redialer.onUseful(peer)
    this.#options.logger.info({ peer, change }, 'peer changed')
    for (const handler of this.#changeHandlers) handler(peer, change)
  }

  #onFrameTooLarge(peer: PublicKey): void {
    this.#gate.reportMisbehaviour(peer, 'frame-too-large')
    this.#sessions.disconnect(peer)
  }

  // ── channels ──

  send(peer: PublicKey, channel: Channel, message: Uint8Array): boolean {
    return this.#sessions.get(peer)?.link?.send(channel, message) ?? false
  }

  onMessage(handler: MessageHandler): void {
    this.#messageHandler = handler
  }

  async #handleChannel(host: Host, channel: Channel): Promise<void> {
    await host.handle(
      protocolId(this.#options.chainId, channel),
      (stream, connection) => {
        const peer = transportKeyOf(connection.remotePeer)
        if (peer === null || !this.#gate.admits(peer, channel)) {
          stream.abort(new P2pError('not-permitted', `${channel} is for members`))
          return
        }
        receiveChannel(stream, {
          channel,
          handler: (message) => {
            this.#counters.messagesReceived++
            this.#counters.bytesReceived += message.length
            return this.#messageHandler?.(peer, channel, message)
          },
          onFrameTooLarge: () => this.#onFrameTooLarge(peer),
          onHandlerFailure: (error) => this.#onHandlerFailure(error, { peer, channel }),
        })
      },
      { maxInboundStreams: CHANNEL_STREAMS_MAX, maxOutboundStreams: CHANNEL_STREAMS_MAX },
    )
  }

  // ── requests ──

  async request(peer: PublicKey, protocol: string, message: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (!this.#host) throw new P2pError('not-started', 'the transport is not running')
    const session = this.#sessions.get(peer)
    if (!session) throw new P2pError('not-connected', `request ${protocol}: not connected to the peer`, { peer })
    if (!this.#gate.permits(peer, protocol)) {
      throw new P2pError('not-permitted', `request ${protocol}: not with a bootstrap peer`, { peer })
    }
    return ask(session.connection, message, { ...options, peer, protocol, chainId: this.#options.chainId })
  }

  handleRequests(protocol: string, handler: RequestHandler, limits: RequestLimits): void {
    const server = new RequestServer({
      ...limits,
      protocol,
      handler,
      counters: this.#counters,
      logger: this.#options.logger,
      onHandlerFailure: this.#onHandlerFailure,
      onRequestTooLarge: (peer) => this.#onFrameTooLarge(peer),
    })
    this.#requestServers.set(protocol, server)
  }

  async #handleProtocol(host: Host, { protocol, server }: { protocol: string; server: RequestServer }): Promise<void> {
    await host.handle(
      protocolId(this.#options.chainId, protocol),
      async (stream, connection) => {
        const peer = transportKeyOf(connection.remotePeer)
        if (peer === null || !this.#gate.admits(peer, protocol)) {
          stream.abort(new P2pError('not-permitted', `${protocol} is for members`))
          return
        }
        await server.serve(stream, peer)
      },
      { maxInboundStreams: server.streamsMax },
    )
  }

  // ── gossip ──

  async publish(topic: Topic, message: Uint8Array): Promise<void> {
    if (!this.#gossip) throw new P2pError('not-started', 'the transport is not running')
    await this.#gossip.publish(topic, message)
  }

  subscribe(topic: Topic, subscription: Subscription, handler: GossipHandler): void {
    assertGossipBound(topic, subscription.maxBytes)
    this.#subscriptions.push({ ...subscription, topic, handler })
  }
}
