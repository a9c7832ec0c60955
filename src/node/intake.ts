// Where transactions come in: from the RPC, from peers over their streams, by gossip. One mempool; what it accepts is
// proposed by a leader, and forwarded to the leader by everybody else.

import type { Ledger } from '../ledger/ledger.ts'
import { createMempool, type Mempool } from '../ledger/mempool.ts'
import type { Transport, Verdict } from '../p2p/transport.ts'
import type { Block } from '../types/block.ts'
import type { PublicKey } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import type { Cancel, Clock, Timers } from './clock.ts'
import { decodeBatch, Forwarder, GOSSIP_BATCH_BYTES_MAX } from './forwarder.ts'
import type { Log } from './log.ts'
import { Submissions } from './submissions.ts'

const EXPIRY_INTERVAL_MS = 1_000

export interface IntakeParts {
  readonly ledger: Ledger
  readonly transport: Transport
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
}

export class Intake {
  readonly mempool: Mempool
  readonly submissions: Submissions
  readonly forwarder: Forwarder
  readonly #clock: Clock
  readonly #log: Log
  readonly #ledger: Ledger
  readonly #timers: Timers
  #expiry: Cancel | null = null
  /** Set by a validator: something new can be proposed. */
  onArrival: () => void = () => undefined

  constructor({ ledger, transport, clock, timers, log }: IntakeParts) {
    this.#timers = timers
    this.#ledger = ledger
    this.#clock = clock
    this.#log = log
    this.mempool = createMempool(ledger)
    this.forwarder = new Forwarder({
      mempool: this.mempool,
      transport,
      timers,
      log,
      height: () => ledger.head.header.height,
    })
    this.submissions = new Submissions({
      ledger,
      mempool: this.mempool,
      clock,
      onAccepted: (id) => {
        this.onArrival()
        this.forwarder.accepted(id)
      },
    })
  }

  start(): void {
    this.forwarder.start()
    this.#expiry = this.#timers.every(EXPIRY_INTERVAL_MS, () => {
      const headTimeMs = this.#ledger.head.header.timeMs
      this.submissions.onExpired(this.mempool.expire({ headTimeMs, nowMs: this.#clock.nowMs() }))
    })
  }

  /** Validators hear what nodes that know no leader have to say; only what is new here is passed on. */
  listenToGossip(transport: Transport, { isOpen }: { isOpen: () => boolean }): void {
    const validate = (source: PublicKey, message: Uint8Array): Verdict =>
      isOpen() ? this.receive(source, message) : 'ignore'
    transport.subscribe('transactions', { maxBytes: GOSSIP_BATCH_BYTES_MAX, validate }, () => undefined)
  }

  /** A batch from a peer. A malformed one is its sender's fault: named, dropped, and the node goes on. */
  receive(peer: PublicKey, message: Uint8Array): Verdict {
    let batch: readonly Uint8Array[]
    try {
      batch = decodeBatch(message)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#log.warn({ peer, field: error.path, reason: error.reason }, 'malformed batch of transactions')
      return 'reject'
    }
    const nowMs = this.#clock.nowMs()
    const accepted = batch.filter((bytes) => this.mempool.add(bytes, nowMs).status === 'accepted')
    if (accepted.length === 0) return 'ignore'
    this.onArrival()
    return 'accept'
  }

  /** First of all that follows a commit: what is certified is not proposed or forwarded again. */
  onCommit(blocks: readonly Block[]): void {
    this.mempool.remove(blocks.flatMap(({ transactions }) => transactions.map(({ id }) => id)))
    this.submissions.onCommit(blocks)
  }

  stop(): void {
    this.#expiry?.()
    this.forwarder.stop()
  }
}
