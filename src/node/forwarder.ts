// Brings the transactions that this node accepted to the leader: in batches over the leader's stream, or by gossip while
// no leader is known. A node keeps what it accepted, so it sends everything again to every new leader and, for streams
// that broke on the way, what has been waiting for a while. When meanwhile nothing at all was certified, everybody hears of
// it: that the leader sits on it has to be noticed by more than one. A transaction that arrives twice has one effect.

import type { Mempool } from '../ledger/mempool.ts'
import type { Transport } from '../p2p/transport.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import { bytes, fromBytes, list, toBytes } from '../types/canonical.ts'
import { TRANSACTION_BYTES_MAX } from '../types/limits.ts'
import type { Cancel, Timers } from './clock.ts'
import type { Log } from './log.ts'

const BATCH_COUNT_MAX = 1_000
const BATCH_BYTES_MAX = 1024 * 1024
/** Gossip is costly by the message: one batch collects a little longer. */
const FLUSH_DELAY_MS = 2
const GOSSIP_DELAY_MS = 50
const GOSSIP_BYTES_MAX = 256 * 1024
/** What waits longer than this, and at most twice as long, is sent again. */
const RESEND_AFTER_MS = 2_000

const batchCodec = list(bytes(TRANSACTION_BYTES_MAX + 128), BATCH_COUNT_MAX)

/** Wire transactions of a batch. Throws DecodeError. */
export const decodeBatch = (message: Uint8Array): readonly Uint8Array[] => fromBytes(batchCodec, message)

export const GOSSIP_BATCH_BYTES_MAX = GOSSIP_BYTES_MAX + TRANSACTION_BYTES_MAX + 4_096

export interface ForwarderParts {
  readonly mempool: Mempool
  readonly transport: Transport
  readonly timers: Timers
  /** Of the certified head. */
  readonly height: () => number
  readonly log: Log
}

export class Forwarder {
  readonly #parts: ForwarderParts
  /** Not sent to the present leader yet, or not lately. */
  readonly #due = new Set<Hash>()
  #leader: PublicKey | null = null
  #isLeader = false
  #timer: Cancel | null = null
  #resend: Cancel | null = null
  /** In the mempool when the resend timer last ran. */
  #waited: ReadonlySet<Hash> = new Set()
  #heightThen = -1
  /** Something waits, and nothing was certified between the last two runs of the resend timer. */
  #standsStill = false

  constructor(parts: ForwarderParts) {
    this.#parts = parts
  }

  start(): void {
    this.#resend = this.#parts.timers.every(RESEND_AFTER_MS, () => this.#sendAgain())
  }

  stop(): void {
    this.#resend?.()
    this.#timer?.()
  }

  /** `self`: this node leads, nothing needs forwarding. */
  leaderChanged(leader: PublicKey | null, { self }: { self: boolean }): void {
    this.#leader = leader
    this.#isLeader = self
    this.#due.clear()
    if (self) return
    for (const { id } of this.#parts.mempool) this.#due.add(id)
    if (this.#due.size > 0) this.#schedule()
  }

  accepted(transactionId: Hash): void {
    if (this.#isLeader) return
    this.#due.add(transactionId)
    this.#schedule()
  }

  #sendAgain(): void {
    const waiting = new Set([...this.#parts.mempool].map(({ id }) => id))
    const again = [...waiting].filter((id) => this.#waited.has(id))
    const height = this.#parts.height()
    this.#standsStill = again.length > 0 && height === this.#heightThen
    this.#heightThen = height
    this.#waited = waiting
    if (this.#isLeader) return
    for (const id of again) this.#due.add(id)
    if (this.#due.size > 0) this.#schedule()
  }

  get #isForAll(): boolean {
    return this.#leader === null || this.#standsStill
  }

  #schedule(): void {
    if (this.#timer !== null) return
    this.#timer = this.#parts.timers.after(this.#isForAll ? GOSSIP_DELAY_MS : FLUSH_DELAY_MS, () => {
      this.#timer = null
      this.#flush()
    })
  }

  #flush(): void {
    const { transport, log } = this.#parts
    const isForAll = this.#isForAll
    const bytesMax = isForAll ? GOSSIP_BYTES_MAX : BATCH_BYTES_MAX
    const { ids, batch } = this.#nextBatch(bytesMax)
    if (batch.length === 0) return
    const message = toBytes(batchCodec, batch)
    if (isForAll) {
      transport.publish('transactions', message).catch((error: unknown) => log.debug({ error }, 'gossip failed'))
    }
    // Not connected, or its queue is full: the resend timer tries again.
    if (this.#leader !== null && !transport.send(this.#leader, 'forward', message)) return
    for (const id of ids) this.#due.delete(id)
    if (this.#due.size > 0) this.#schedule()
  }

  #nextBatch(bytesMax: number): { ids: readonly Hash[]; batch: readonly Uint8Array[] } {
    const ids: Hash[] = []
    const batch: Uint8Array[] = []
    let size = 0
    for (const id of this.#due) {
      const transaction = this.#parts.mempool.get(id)
      if (transaction === undefined) {
        this.#due.delete(id)
        continue
      }
      if (batch.length === BATCH_COUNT_MAX || (batch.length > 0 && size + transaction.bytes.length > bytesMax)) break
      ids.push(id)
      batch.push(transaction.bytes)
      size += transaction.bytes.length
    }
    return { ids, batch }
  }
}
