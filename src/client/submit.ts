// Brings one signed transaction to its end: the same bytes again and again, to whichever node answers, until a certificate
// or the expiry decides. Sending them twice has one effect, so nothing here needs to know what became of an attempt.

import * as z from 'zod'
import { backoffMs, sleep } from './backoff.ts'
import { type Endpoint, isUnreachable, retryAfterMs } from './endpoint.ts'
import { ClientError, isRefusal } from './errors.ts'

export const submissionSchema = z.object({
  transactionId: z.string(),
  exists: z.boolean(),
  status: z.enum(['UNKNOWN', 'PENDING', 'COMMITTED', 'INVALID']),
  receipt: z.object({ proof: z.base64() }).optional(),
})
export type SubmissionAnswer = z.output<typeof submissionSchema>

export interface SubmitOptions {
  readonly wait: 'accepted' | 'committed'
  readonly expiresAtMs: number
  readonly transactionId: string
  readonly signal?: AbortSignal | undefined
}

/** How long one node may keep us waiting for a commit before it is asked again, or another one is. */
const COMMIT_WAIT_MS = 10_000
const ANSWER_GRACE_MS = 5_000

/** What a node finds by its own clock or the state of its own head: another that took the bytes may see it otherwise. */
const BY_OWN_LIGHTS = ['EXPIRED', 'EXPIRES_TOO_LATE', 'UNKNOWN_SENDER', 'KEY_REVOKED']

/**
 * Throws OUTCOME_UNKNOWN at the expiry, or REFUSED when it can never be committed: no node has taken it, or one that had
 * says so.
 */
export async function submitUntilDecided(
  endpoint: Endpoint,
  bytes: Uint8Array,
  { wait, expiresAtMs, transactionId, signal }: SubmitOptions,
): Promise<SubmissionAnswer> {
  const transaction = bytes.toBase64()
  let mayBeTaken = false
  for (let attempt = 1; ; attempt++) {
    const leftMs = expiresAtMs - Date.now()
    const timeoutMs = Math.max(1, Math.min(COMMIT_WAIT_MS, leftMs))
    const params = { transaction, wait, timeoutMs }
    try {
      const options = { signal, attempts: 1, timeoutMs: timeoutMs + ANSWER_GRACE_MS }
      return await endpoint.call('transaction.submit', params, submissionSchema, options)
    } catch (error) {
      if (!mayPass(error) && !(mayBeTaken && isOwnView(error))) throw error
      if (Date.now() >= expiresAtMs) throw outcomeUnknown(transactionId, error)
      mayBeTaken ||= mayPass(error) && !isRefusal(error, 'RETRY_LATER')
      if (!isRefusal(error, 'RETRY_LATER')) endpoint.moveOn()
      // TIMEOUT: the node waited already.
      const waitMs = isRefusal(error, 'TIMEOUT') ? 0 : Math.max(backoffMs(attempt), retryAfterMs(error))
      await sleep(waitMs, signal)
    }
  }
}

const mayPass = (error: unknown): boolean =>
  isUnreachable(error) ||
  isRefusal(error, 'NOT_READY', 'RETRY_LATER', 'TIMEOUT', 'UNKNOWN_TRANSACTION', 'INTERNAL_ERROR')

const isOwnView = (error: unknown): boolean =>
  isRefusal(error, 'INVALID_TRANSACTION') &&
  error.refusal.transactionId === undefined &&
  BY_OWN_LIGHTS.includes(error.refusal.reason ?? '')

function outcomeUnknown(transactionId: string, cause: unknown): ClientError {
  const message = `transaction ${transactionId} expired before a node said what became of it: ask its status`
  return new ClientError('OUTCOME_UNKNOWN', message, { transactionId, cause })
}
