import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { AssertionError } from '../types/assert.ts'
import { createCounters } from './counters.ts'
import { createFailureReport } from './handler-failure.ts'
import { SILENT_LOGGER } from './transport-suite.ts'

describe('a failing handler', () => {
  it('is counted and logged when it met bad input', () => {
    const counters = createCounters()
    const logged: object[] = []
    const report = createFailureReport(counters, { ...SILENT_LOGGER, warn: (fields) => logged.push(fields) })
    const error = new Error('cannot read it')
    report(error, { channel: 'consensus' })
    expect(counters.handlerFailures).toBe(1)
    expect(logged).toEqual([{ channel: 'consensus', error }])
  })

  it('stops the process when an assertion failed', async () => {
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    try {
      const uncaught = once(process, 'uncaughtException')
      const error = new AssertionError('two leaders in one term')
      createFailureReport(createCounters(), SILENT_LOGGER)(error, {})
      expect((await uncaught)[0]).toBe(error)
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
  })
})
