import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

interface Told {
  readonly hash: string
  readonly violation: object | null
  readonly blocks: number
}

const ROOT = new URL('../..', import.meta.url)
const runSeed = (seed: number): Told =>
  JSON.parse(
    execFileSync(process.execPath, ['test/sim/run.ts', '--seed', String(seed), '--json'], {
      cwd: ROOT,
      encoding: 'utf8',
    }),
  )

describe('a seed', { timeout: 170_000 }, () => {
  it('runs to the same trace in two processes, and another seed does not', () => {
    const first = runSeed(23)
    expect(first.violation).toBeNull()
    expect(first.blocks).toBeGreaterThan(20)
    expect(runSeed(23)).toEqual(first)
    expect(runSeed(24).hash).not.toBe(first.hash)
  })
})
