// Does the leader do its work? Looked at once an election timeout on every validator: is there a transaction that the next
// block could hold, and for how long has the oldest of them been passed over. Counted in looks, so that no clock matters.

import type { Ledger } from '../ledger/ledger.ts'
import type { Mempool } from '../ledger/mempool.ts'
import type { Hash, Height, Seat } from '../types/brand.ts'
import { BLOCK_BYTES_MAX } from '../types/limits.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import type { Clock } from './clock.ts'

/** The oldest transactions that are tried out: some may have become inadmissible. */
const LOOK_MAX = 8
const CALLS_MAX = 512
/** With the default timing half a minute: far longer than a block, and than the transactions before it in a queue. */
export const PASSED_OVER_LOOKS = 15

export interface WorkWatchParts {
  readonly ledger: Pick<Ledger, 'head' | 'epoch' | 'execute' | 'isInFlight'>
  readonly mempool: Pick<Mempool, 'take'>
  readonly clock: Pick<Clock, 'nowMs'>
  /** Of the leader, while blocks were certified without it. Once for each transaction. */
  readonly onPassedOver: (leader: Seat, transactionId: Hash) => void
}

interface Waiting {
  readonly id: Hash
  readonly leader: Seat
  /** Certified when it was first seen waiting. */
  readonly height: Height
  readonly looks: number
}

export class WorkWatch {
  readonly #parts: WorkWatchParts
  #oldest: Waiting | null = null

  constructor(parts: WorkWatchParts) {
    this.#parts = parts
  }

  /** Is work waiting? `leader`: another validator, if one is known. */
  look(leader: Seat | null): boolean {
    const { ledger, onPassedOver } = this.#parts
    const oldest = this.#oldestExecutable()
    if (oldest === undefined || leader === null) {
      this.#oldest = null
      return oldest !== undefined
    }
    const { height } = ledger.head.header
    const before = this.#oldest?.id === oldest.id && this.#oldest.leader === leader ? this.#oldest : null
    const now = { id: oldest.id, leader, height: before?.height ?? height, looks: (before?.looks ?? 0) + 1 }
    this.#oldest = now
    if (now.looks === PASSED_OVER_LOOKS && height > now.height) onPassedOver(leader, oldest.id)
    return true
  }

  #oldestExecutable(): SignedTransaction | undefined {
    const { ledger, mempool, clock } = this.#parts
    const { head, epoch } = ledger
    const { hash, header } = head
    const timeMs = Math.max(clock.nowMs(), header.timeMs + 1)
    const oldest = mempool.take({
      countMax: LOOK_MAX,
      callsMax: CALLS_MAX,
      bytesMax: BLOCK_BYTES_MAX,
      timeMs,
      isTaken: (id) => ledger.isInFlight(hash, id),
    })
    const draft = { parentHash: hash, epoch, timeMs }
    return oldest.find((transaction) => ledger.execute({ ...draft, transactions: [transaction] }).ok)
  }
}
