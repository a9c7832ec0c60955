// The same calls do the same, step by step, in two processes, one of which runs without the engine's optimizing compilers:
// what a contract does depends on nothing but its arguments and the state.

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

function traceIn(seed: number, ...flags: string[]): string {
  const file = new URL('trace.test-support.ts', import.meta.url).pathname
  const run = spawnSync(process.execPath, [...flags, file, String(seed)], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  })
  expect(run.stderr).toBe('')
  return run.stdout
}

test.each([1, 2])('two processes leave the same trace of reads, writes and outcomes, seed %i', (seed) => {
  const optimized = traceIn(seed)
  expect(optimized.split('\n').length).toBeGreaterThan(3_000)
  expect(optimized).toContain('"status":"refused"')
  expect(optimized).toContain('PERMIT_BTG')
  expect(traceIn(seed, '--no-opt', '--no-maglev', '--no-sparkplug') === optimized).toBe(true)
})

test('another seed leaves another trace', () => {
  expect(traceIn(1) === traceIn(2)).toBe(false)
})
