// What becomes of an error that a handler above throws. Bad input is the handler's to answer; what escapes it is counted
// and logged, and costs its message. A failed assertion is a bug and stops the node, whoever the sender was.

import { AssertionError } from '../types/assert.ts'
import type { Counters } from './counters.ts'
import type { P2pLogger } from './transport.ts'

export type ReportHandlerFailure = (error: unknown, where: object) => void

export function createFailureReport(counters: Counters, logger: P2pLogger): ReportHandlerFailure {
  return (error, where) => {
    counters.handlerFailures++
    logger.warn({ ...where, error }, 'handler failed')
    if (error instanceof AssertionError) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
