// A log that others cannot fill: whoever sends nonsense causes a line each time, and a full disk stops a node. Lines that name
// a peer or a member are written a few times a minute for each of them, and not too often in all; how many were left out is
// said with the next one. What the node says of itself is always written.

import type { Log } from './log.ts'

export interface SparingLogOptions {
  /** Monotonic. */
  readonly nowMs?: () => number
}

const WINDOW_MS = 60_000
/** Of one message about one peer in a window. */
export const LINES_PER_PEER_MAX = 20
/** Of one message in a window, about whomever: a stranger may come with a new key each time. */
export const LINES_PER_MESSAGE_MAX = 500

export function createSparingLog(log: Log, { nowMs = () => performance.now() }: SparingLogOptions = {}): Log {
  let windowEndMs = Number.NEGATIVE_INFINITY
  const counts = new Map<string, number>()
  const leftOut = new Map<string, number>()

  /** Counts it where there is room for one more. */
  const hasRoom = (name: string, max: number): boolean => {
    const count = counts.get(name) ?? 0
    if (count >= max) return false
    counts.set(name, count + 1)
    return true
  }
  // A peer that has used up its own lines uses up nobody else's; without a line left, nobody's name is kept either.
  const mayWrite = (message: string, subject: string): boolean =>
    (counts.get(message) ?? 0) < LINES_PER_MESSAGE_MAX &&
    hasRoom(`${message} ${subject}`, LINES_PER_PEER_MAX) &&
    hasRoom(message, LINES_PER_MESSAGE_MAX)

  const sparing =
    (level: 'error' | 'warn' | 'info') =>
    (fields: unknown, message?: string): void => {
      const subject = subjectOf(fields)
      if (subject === null || message === undefined) {
        log[level](fields, message)
        return
      }
      if (nowMs() >= windowEndMs) {
        windowEndMs = nowMs() + WINDOW_MS
        counts.clear()
      }
      if (!mayWrite(message, subject)) {
        leftOut.set(message, (leftOut.get(message) ?? 0) + 1)
        return
      }
      const missing = leftOut.get(message)
      leftOut.delete(message)
      log[level](missing === undefined ? fields : { ...(fields as object), leftOut: missing }, message)
    }

  return {
    fatal: log.fatal.bind(log),
    error: sparing('error'),
    warn: sparing('warn'),
    info: sparing('info'),
    debug: log.debug.bind(log),
  }
}

/** A peer's transport key or a member's seat; null where a line is about nobody else. */
function subjectOf(fields: unknown): string | null {
  if (typeof fields !== 'object' || fields === null) return null
  const { peer, member } = fields as { readonly peer?: unknown; readonly member?: unknown }
  const subject = peer ?? member
  return subject === undefined ? null : String(subject)
}
