// The port between a node and its peers. libp2p-transport.ts is the real one, memory-transport.ts the twin for tests
// and simulation; both pass transport-suite.ts. Messages are opaque bytes: who may say what is decided above.
//
// A peer is named by its transport key (Ed25519, hex). Bytes handed in are copied before the call returns; bytes handed
// out belong to the receiver.

import type { Hash, PublicKey } from '../types/brand.ts'

/** Long-lived ordered streams. `consensus`: append, ack, vote. `forward`: transactions on their way to the leader. */
export type Channel = 'consensus' | 'forward'
export const CHANNELS: readonly Channel[] = ['consensus', 'forward']

/** What everybody should hear: certified headers, node status, proofs of lies, transactions of a node that knows no leader. */
export type Topic = 'headers' | 'status' | 'evidence' | 'transactions'
export const TOPICS: readonly Topic[] = ['headers', 'status', 'evidence', 'transactions']

/**
 * What the committed registry and the configuration say about a transport key.
 * `member`: everything. `bootstrap`: nothing but requests of the protocols below, in both directions. `stranger`: may come
 * in for a moment, and present itself by requests of protocol `introduction`. `refused`: nothing.
 */
export type PeerClass = 'member' | 'bootstrap' | 'stranger' | 'refused'

/** The protocols open to bootstrap peers: certified blocks, and snapshots of a certified state. Both prove themselves. */
export const SYNC_PROTOCOL = 'sync'
export const SNAPSHOT_PROTOCOL = 'snapshot'
/** Open to strangers: what shows that a key is registered further up the chain. */
export const INTRODUCTION_PROTOCOL = 'introduction'

export interface KnownPeer {
  readonly transportKey: PublicKey
  /** TCP multiaddrs, such as /ip4/10.0.0.7/tcp/7000 or /dns4/node.example.org/tcp/7000. May be empty: then it dials us. */
  readonly addresses: readonly string[]
}

export type PeerChange = 'connected' | 'disconnected'
export type Verdict = 'accept' | 'reject' | 'ignore'

export interface RequestOptions {
  readonly timeoutMs: number
  readonly maxReplyBytes: number
  readonly signal?: AbortSignal
}

export interface RequestLimits {
  readonly maxRequestBytes: number
  /** Requests served at once, over all peers; one more is answered `busy`. */
  readonly concurrency: number
}

export interface Subscription {
  readonly maxBytes: number
  /** Cheap and certain: `reject` is held against `source`, the neighbour that passed it on. */
  readonly validate: (source: PublicKey, message: Uint8Array) => Verdict | Promise<Verdict>
}

/** May return a promise: the peer's stream is paused until it settles, which slows down the peer, not us. */
export type MessageHandler = (peer: PublicKey, channel: Channel, message: Uint8Array) => void | Promise<void>
/** A rejection reaches the requester as `failed`, without its text. */
export type RequestHandler = (peer: PublicKey, message: Uint8Array) => Promise<Uint8Array>
export type UnheardHandler = (peer: PublicKey) => void
export type PeerChangeHandler = (peer: PublicKey, change: PeerChange) => void
export type GossipHandler = (source: PublicKey, message: Uint8Array) => void

export interface Transport {
  readonly self: PublicKey
  start(): Promise<void>
  /** Lets queued messages leave (half a second at most), then closes every connection and timer. Not to be started again. */
  stop(): Promise<void>
  /** Listening multiaddrs with their real ports, without a peer id. */
  addresses(): readonly string[]

  /**
   * Peers to stay connected to: dialled at once, then for ever with capped back-off. Replaces the earlier list. An address
   * that cannot be used is logged and left out: what one member registered must not keep us from the others.
   */
  setPeers(peers: readonly KnownPeer[]): void
  /**
   * Asks `allow` again about every connected peer; one whose class changed is disconnected, but for a stranger who became a
   * bootstrap peer. Call after each commit that touched the registry.
   */
  recheck(): void
  /** Peers to which everything that their class permits works now. */
  connectedPeers(): readonly PublicKey[]
  /** `connected` again after `disconnected` means: fresh streams, what was in flight may be lost. */
  onPeerChange(handler: PeerChangeHandler): void
  /** A member to whom there is a connection does not take our channels: perhaps it does not know our key. Told again while it lasts. */
  onUnheard(handler: UnheardHandler): void

  /**
   * Queues a message on the peer's ordered stream. False, and nothing queued: not connected, or the queue is full.
   * True: it arrives, in order, unless the connection ends. Throws P2pError `message-too-large`.
   */
  send(peer: PublicKey, channel: Channel, message: Uint8Array): boolean
  /** One handler for all peers and channels. Set it before start(). */
  onMessage(handler: MessageHandler): void

  /** One question, one answer, on a stream of its own. Rejects with P2pError only. */
  request(peer: PublicKey, protocol: string, message: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  /** Set before start(). */
  handleRequests(protocol: string, handler: RequestHandler, limits: RequestLimits): void

  /** Resolves when the message is handed to the neighbours, also when there are none. Publishing the same bytes twice is one message. */
  publish(topic: Topic, message: Uint8Array): Promise<void>
  /** Set before start(). Our own messages are not delivered to us. */
  subscribe(topic: Topic, subscription: Subscription, handler: GossipHandler): void

  counters(): Readonly<Record<P2pCounter, number>>
}

/** Counted since start; names become metric names. */
export type P2pCounter =
  | 'refusedInbound'
  | 'refusedOutbound'
  | 'refusedProtocol'
  | 'strangersHeard'
  | 'misbehaviour'
  | 'handlerFailures'
  | 'sendQueueFull'
  | 'messagesSent'
  | 'messagesReceived'
  | 'bytesSent'
  | 'bytesReceived'
  | 'requestsServed'
  | 'requestsBusy'
  | 'gossipAccepted'
  | 'gossipRejected'
  | 'gossipIgnored'

export type RefusalReason =
  | 'unknown-key' // neither registered nor configured
  | 'not-ed25519' // an identity of another kind of key; no peer can be named
  | 'bootstrap-protocol' // a bootstrap peer wanted more than block sync
  | 'stranger-protocol' // an unknown key wanted more than to present itself
  | 'strangers-limit' // an unknown key, and enough of them have come
  | 'class-changed' // connected, and now of another class
export type Misbehaviour = 'frame-too-large' | 'gossip-too-large' | 'gossip-rejected'

export interface P2pLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** What every transport is given. */
export interface TransportOptions {
  readonly chainId: Hash
  /** Asked at every handshake and stream: a map look-up over committed state, no more. */
  readonly allow: (transportKey: PublicKey) => PeerClass
  readonly logger: P2pLogger
  readonly onRefused?: (peer: PublicKey | null, reason: RefusalReason) => void
  readonly onMisbehaviour?: (peer: PublicKey, what: Misbehaviour) => void
}
