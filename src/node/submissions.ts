// Transactions on their way: accepted into the mempool, waited for, settled by a commit or by expiry. Implements the RPC's
// SubmissionService; the node's own institution submits through it as well.

import type { Ledger } from '../ledger/ledger.ts'
import type { Mempool } from '../ledger/mempool.ts'
import { RpcError } from '../rpc/errors.ts'
import type { Submission, SubmissionService, SubmissionState } from '../rpc/services.ts'
import { assertNever } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import type { Clock } from './clock.ts'

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

  constructor(parts: SubmissionParts) {
    this.#parts = parts
  }

  submit(signedBytes: Uint8Array): Submission {
    const { mempool, clock, onAccepted } = this.#parts
    const admission = mempool.add(signedBytes, clock.nowMs())
    switch (admission.status) {
      case 'accepted':
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
    return mempool.isExpired(transactionId) ? { status: 'INVALID', reason: 'EXPIRED' } : { status: 'UNKNOWN' }
  }

  async settled(transactionId: Hash, signal: AbortSignal): Promise<SubmissionState> {
    const now = this.status(transactionId)
    if (now.status !== 'PENDING') return now
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

  /** After every commit, and after every expiry with the ids that went. */
  onCommit(blocks: readonly Block[]): void {
    for (const block of blocks) for (const { id } of block.transactions) this.#settle(id)
  }

  onGone(transactionIds: Iterable<Hash>): void {
    for (const id of transactionIds) this.#settle(id)
  }

  #settle(id: Hash): void {
    const waiters = this.#waiting.get(id)
    if (waiters === undefined) return
    this.#waiting.delete(id)
    const state = this.status(id)
    for (const settle of waiters) settle(state)
  }
}
