// A node as `assent start` runs it, with a clock that the chaos run can step. The clock is a port of the node: nothing
// else differs, and the program that people run has no such door.

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runUntil } from '../../src/cli/start.ts'
import { describeError } from '../../src/cli/user-error.ts'
import { systemClock } from '../../src/node/clock.ts'
import { loadConfig } from '../../src/node/config.ts'
import { createLog } from '../../src/node/log.ts'
import { startNode } from '../../src/node/node.ts'

export interface StepClock {
  readonly kind: 'stepClock'
  /** Against the machine's clock, in ms. */
  readonly offsetMs: number
}

const { folder } = parseArgs({ options: { folder: { type: 'string' } } }).values
if (folder === undefined) throw new Error('--folder: missing')

let offsetMs = 0
process.on('message', (message: StepClock) => {
  offsetMs = message.offsetMs
})
// Whoever steps the clock is gone: so is the test.
process.on('disconnect', () => process.exit(1))

try {
  const config = loadConfig(join(folder, 'assent.json'))
  const log = createLog({ ...config.log, name: 'assent' })
  const stopping = Promise.withResolvers<'signal'>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.resolve('signal'))
  const clock = { ...systemClock, nowMs: () => Date.now() + offsetMs }
  await runUntil(await startNode(config, log, { clock }), stopping.promise)
  log.flush()
  process.exit(0)
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exit(1)
}
