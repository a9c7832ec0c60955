// Transactions on their way: accepted into the mempool, waited for, settled by a commit or by expiry. Implements the RPC's
// SubmissionService; the node's own institution submits through it as well.

import type { TransactionRefusalCode } from '../ledger/errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Mempool } from '../ledger/mempool.ts'
import { RpcError } from '../rpc/errors.ts'
import type { Submission, SubmissionService, SubmissionState } from '../rpc/services.ts'
import { assertNever } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import type { Clock } from './clock.ts'

const REMEMBERED_REFUSALS_MAX = 8_192
/** What a full mempool asks for: a few blocks' time. */
const RETRY_AFTER_MS = 500

export interface SubmissionParts {
  readonly ledger: Ledger
  readonly mempool: Mempool
  readonly clock: Clock
  /** There is something new to propose or forward. */
  readonly onAccepted: (transactionId: Hash) => void
}

export class Submissions implements SubmissionService {
  readonly #parts: SubmissionParts
  readonly #waiting = new Map<Hash, Set<(state: SubmissionState) => void>>()
  /** Accepted, and refused when a block was to be made of them; the last few thousand. */
  readonly #refused = new Map<Hash, TransactionRefusalCode>()

  constructor(parts: SubmissionParts) {
    this.#parts = parts
  }

  submit(signedBytes: Uint8Array): Submission {
    const { mempool, clock, onAccepted } = this.#parts
    const admission = mempool.add(signedBytes, clock.nowMs())
    switch (admission.status) {
      case 'accepted':
        this.#refused.delete(admission.transaction.id)
        onAccepted(admission.transaction.id)
        return { id: admission.transaction.id, exists: false, state: { status: 'PENDING' } }
      case 'exists':
        return { id: admission.id, exists: true, state: this.status(admission.id) }
      case 'refused': {
        const { code, message } = admission.refusal
        if (code === 'TOO_LARGE') throw new RpcError('TOO_LARGE', { field: 'params.transaction', accepted: message })
        if (code === 'MEMPOOL_FULL' || code === 'SENDER_SHARE') {
          throw new RpcError('RETRY_LATER', { reason: code, retryAfterMs: RETRY_AFTER_MS })
        }
        throw new RpcError('INVALID_TRANSACTION', { reason: code, accepted: message })
      }
      default:
        return assertNever(admission)
    }
  }

  status(transactionId: Hash): SubmissionState {
    const { ledger, mempool } = this.#parts
    const location = ledger.locate(transactionId)
    if (location !== undefined) return { status: 'COMMITTED', ...location }
    if (mempool.has(transactionId)) return { status: 'PENDING' }
    if (mempool.isExpired(transactionId)) return { status: 'INVALID', reason: 'EXPIRED' }
    const reason = this.#refused.get(transactionId)
    return reason === undefined ? { status: 'UNKNOWN' } : { status: 'INVALID', reason }
  }

  async settled(transactionId: Hash, signal: AbortSignal): Promise<SubmissionState> {
    // What waits here need not be looked for in the store: its commit comes by `onCommit`.
    if (!this.#parts.mempool.has(transactionId)) return this.status(transactionId)
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting.get(transactionId) ?? new Set()
      this.#waiting.set(transactionId, waiters)
      const settle = (state: SubmissionState): void => {
        signal.removeEventListener('abort', abort)
        resolve(state)
      }
      const abort = (): void => {
        waiters.delete(settle)
        if (waiters.size === 0) this.#waiting.delete(transactionId)
        reject(signal.reason)
      }
      waiters.add(settle)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  onCommit(blocks: readonly Block[]): void {
    for (const { header, transactions } of blocks) {
      transactions.forEach(({ id }, index) => {
        this.#settle(id, { status: 'COMMITTED', height: header.height, index })
      })
    }
  }

  /** They can be in no block any more. */
  onExpired(transactionIds: Iterable<Hash>): void {
    for (const id of transactionIds) this.#settle(id)
  }

  /** The state that it was to be executed on refused it. One that stands in the chain already settles by its commit. */
  onInadmissible(transactionId: Hash, code: TransactionRefusalCode): void {
    if (code === 'DUPLICATE') return
    this.#refused.set(transactionId, code)
    const [oldest] = this.#refused.keys()
    if (oldest !== undefined && this.#refused.size > REMEMBERED_REFUSALS_MAX) this.#refused.delete(oldest)
    this.#settle(transactionId)
  }

  #settle(id: Hash, settled?: SubmissionState): void {
    const waiters = this.#waiting.get(id)
    if (waiters === undefined) return
    this.#waiting.delete(id)
    const state = settled ?? this.status(id)
    for (const settle of waiters) settle(state)
  }
}
