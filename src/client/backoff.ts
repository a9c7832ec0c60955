// Waiting between attempts: doubling, capped, with jitter so that clients of a node that was away do not return at once.

import { ClientError } from './errors.ts'

const FIRST_MS = 50
const LONGEST_MS = 5_000

/** Before attempt number `attempt` (from 1): between half and all of 50 ms, 100 ms, ... 5 s. */
export function backoffMs(attempt: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1))
  return longest * (0.5 + Math.random() / 2)
}

/** Throws ABORTED when the signal does. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal?.addEventListener('abort', finish)
  })
  throwIfAborted(signal)
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ClientError('ABORTED', 'aborted by the caller', { cause: signal.reason })
}
