// What callers asked the core and wait for: a transfer of leadership, linearizable reads. Every question is answered once,
// at the latest when the node stops; the core sees to all other bounds in time.

import type { TransferFailure } from '../consensus/effects.ts'
import type { Occurrence } from '../consensus/events.ts'
import type { Seat } from '../types/brand.ts'

/** Callers that wait for one round of reads; with it, what a flood of reads can cost. */
const READERS_MAX = 4_096

export type TransferOutcome = { readonly leader: Seat } | { readonly failure: TransferFailure | 'stopping' }
/** busy: too many wait already. timeout: fewer than a quorum answered, or what they have is not certified yet. */
export type ReadOutcome = 'ready' | 'busy' | 'timeout' | 'stopping'

type Settle<T> = (outcome: T) => void

export class CoreQuestions {
  readonly #post: (occurrence: Occurrence) => void
  readonly #self: Seat
  #transfers: Settle<TransferOutcome>[] = []
  /** The round under way, and who came after it had begun: they share the next one. */
  #reading: Settle<ReadOutcome>[] | null = null
  #nextReaders: Settle<ReadOutcome>[] = []
  #readId = 0
  #isClosed = false

  constructor(options: { self: Seat; post: (occurrence: Occurrence) => void }) {
    this.#self = options.self
    this.#post = options.post
  }

  /** Hands leadership to this member; null: to whoever is furthest. */
  transfer(target: Seat | null): Promise<TransferOutcome> {
    if (this.#isClosed) return Promise.resolve({ failure: 'stopping' })
    return new Promise((resolve) => {
      this.#transfers.push(resolve)
      this.#post({ kind: 'transfer', target })
    })
  }

  /** Ready: the ledger's head contains all that anybody was told is committed before this call. */
  readIndex(): Promise<ReadOutcome> {
    if (this.#isClosed) return Promise.resolve('stopping')
    if (this.#nextReaders.length >= READERS_MAX) return Promise.resolve('busy')
    return new Promise((resolve) => {
      this.#nextReaders.push(resolve)
      if (this.#reading === null) this.#beginRound()
    })
  }

  onLeader(leader: Seat | null): void {
    if (leader === null || leader === this.#self) return
    for (const settle of this.#transfers.splice(0)) settle({ leader })
  }

  onTransferFailed(failure: TransferFailure): void {
    for (const settle of this.#transfers.splice(0)) settle({ failure })
  }

  onRead(id: number, outcome: ReadOutcome): void {
    if (id !== this.#readId || this.#reading === null) return
    const readers = this.#reading
    this.#reading = null
    for (const settle of readers) settle(outcome)
    if (this.#nextReaders.length > 0) this.#beginRound()
  }

  /** Nothing will be answered any more. */
  close(): void {
    this.#isClosed = true
    for (const settle of this.#transfers.splice(0)) settle({ failure: 'stopping' })
    for (const settle of [...(this.#reading ?? []), ...this.#nextReaders.splice(0)]) settle('stopping')
    this.#reading = null
  }

  #beginRound(): void {
    this.#reading = this.#nextReaders
    this.#nextReaders = []
    this.#readId++
    this.#post({ kind: 'readIndex', id: this.#readId })
  }
}
