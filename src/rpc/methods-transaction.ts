// transaction.*: submit, ask, prove.

import * as z from 'zod'
import { assertNever } from '../types/assert.ts'
import type { Hash } from '../types/brand.ts'
import { TRANSACTION_BYTES_MAX } from '../types/limits.ts'
import { RpcError } from './errors.ts'
import { receiptToJson } from './json.ts'
import { COMMIT_WAIT_MS, COMMIT_WAIT_MS_MAX, WAITERS_MAX } from './limits.ts'
import { defineMethod, type Method } from './method.ts'
import { hashSchema, integerSchema, receiptSchema, transactionSchema } from './schema.ts'
import type { RpcServices, SubmissionState } from './services.ts'

/** Bytes of an envelope around the unsigned transaction. */
const ENVELOPE_BYTES_MAX = 128

const waitMs = `an integer from 1 to ${COMMIT_WAIT_MS_MAX}`
const stateFields = {
  status: z.enum(['UNKNOWN', 'PENDING', 'COMMITTED', 'INVALID']),
  height: integerSchema.optional().describe('Where COMMITTED.'),
  index: integerSchema.optional().describe('Where COMMITTED: position in the block.'),
  reason: z.string().optional().describe('Where INVALID.'),
}

export function transactionMethods(
  { submissions, chain }: Pick<RpcServices, 'submissions' | 'chain'>,
  /** Aborts when the node stops. */
  stopping: AbortSignal,
): readonly Method[] {
  const waits = new Set<AbortController>()
  stopping.addEventListener('abort', () => {
    for (const wait of waits) wait.abort()
  })

  /** Returns once COMMITTED. Throws INVALID_TRANSACTION, TIMEOUT, NOT_READY. */
  async function waitForCommit(transactionId: Hash, timeoutMs: number): Promise<void> {
    if (waits.size >= WAITERS_MAX) throw new RpcError('TIMEOUT', { transactionId })
    const wait = new AbortController()
    const timer = setTimeout(() => wait.abort(), timeoutMs)
    waits.add(wait)
    try {
      requireCommitted(await submissions.settled(transactionId, wait.signal), transactionId)
    } catch (error) {
      if (!wait.signal.aborted) throw error
      throw new RpcError(stopping.aborted ? 'NOT_READY' : 'TIMEOUT', { transactionId }, { cause: error })
    } finally {
      clearTimeout(timer)
      waits.delete(wait)
    }
  }

  async function committedReceipt(transactionId: Hash) {
    const proof = await chain.receipt(transactionId)
    if (proof === null) requireCommitted(await submissions.status(transactionId), transactionId)
    // It may have been committed between the two questions.
    const committed = proof ?? (await chain.receipt(transactionId))
    if (committed === null) throw new RpcError('UNKNOWN_TRANSACTION', { transactionId })
    return receiptToJson(committed)
  }

  return [
    defineMethod({
      name: 'transaction.submit',
      summary: 'Hands in a signed transaction: returns when it is accepted, or with its receipt when it is committed.',
      params: z.strictObject({
        transaction: transactionSchema,
        wait: z.enum(['accepted', 'committed'], 'accepted or committed').default('accepted'),
        timeoutMs: z.int(waitMs).min(1, waitMs).max(COMMIT_WAIT_MS_MAX, waitMs).default(COMMIT_WAIT_MS),
      }),
      result: z.strictObject({
        transactionId: hashSchema,
        exists: z.boolean().describe('This id had been submitted before; it takes effect once.'),
        ...stateFields,
        receipt: receiptSchema.optional().describe('With wait: committed.'),
      }),
      errors: ['INVALID_TRANSACTION', 'TIMEOUT', 'RETRY_LATER', 'NOT_READY', 'TOO_LARGE'],
      run: async ({ transaction, wait, timeoutMs }) => {
        if (transaction.length > TRANSACTION_BYTES_MAX + ENVELOPE_BYTES_MAX) {
          throw new RpcError('TOO_LARGE', { field: 'params.transaction', accepted: `${TRANSACTION_BYTES_MAX} bytes` })
        }
        const { id, exists, state } = await submissions.submit(transaction)
        if (wait === 'accepted') return { transactionId: id, exists, ...state }
        await waitForCommit(id, timeoutMs)
        const receipt = await committedReceipt(id)
        const { height, index } = receipt
        return { transactionId: id, exists, status: 'COMMITTED' as const, height, index, receipt }
      },
    }),
    defineMethod({
      name: 'transaction.status',
      summary: 'UNKNOWN, PENDING, COMMITTED or INVALID. Only COMMITTED is final acknowledgement.',
      params: z.strictObject({ transactionId: hashSchema }),
      result: z.strictObject({ transactionId: hashSchema, ...stateFields }),
      errors: ['NOT_READY'],
      run: async ({ transactionId }) => ({ transactionId, ...(await submissions.status(transactionId)) }),
    }),
    defineMethod({
      name: 'transaction.receipt',
      summary: 'What a committed transaction did, with the proof that the genesis file alone suffices to check.',
      params: z.strictObject({ transactionId: hashSchema }),
      result: receiptSchema,
      errors: ['UNKNOWN_TRANSACTION', 'INVALID_TRANSACTION', 'TIMEOUT', 'NOT_KEPT', 'NOT_READY'],
      run: ({ transactionId }) => committedReceipt(transactionId),
    }),
  ]
}

function requireCommitted(state: SubmissionState, transactionId: Hash): void {
  switch (state.status) {
    case 'COMMITTED':
      return
    case 'INVALID':
      throw new RpcError('INVALID_TRANSACTION', { reason: state.reason, transactionId })
    case 'PENDING':
      throw new RpcError('TIMEOUT', { transactionId })
    case 'UNKNOWN':
      throw new RpcError('UNKNOWN_TRANSACTION', { transactionId })
    default:
      assertNever(state)
  }
}
