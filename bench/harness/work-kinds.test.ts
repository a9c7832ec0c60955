import { describe, expect, it } from 'vitest'
import { flameGraph, type StackProfile } from './flame-graph.ts'
import { workOf } from './work-kinds.ts'

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 0 })
/** (root) -> idle; (root) -> src/ledger -> native hash; (root) -> src/crypto/ed25519 */
const profile: StackProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 5] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('execute', 'file:///x/src/ledger/execute-block.ts'), children: [4] },
    { id: 4, callFrame: frame('slice<b>') },
    { id: 5, callFrame: frame('verify', 'file:///x/src/crypto/ed25519.ts') },
  ],
  startTime: 1_000,
  samples: [2, 4, 4, 5],
  timeDeltas: [1_000, 2_000, 3_000, 4_000],
}

describe('workOf()', () => {
  it('gives native time to who called it, and knows busy from idle', () => {
    const work = Object.fromEntries(workOf(profile).map(({ kind, microseconds }) => [kind, microseconds]))
    expect(work).toEqual({ execute: 5_000, verify: 4_000, idle: 1_000 })
    expect(workOf(profile).find(({ kind }) => kind === 'execute')?.busyShare).toBeCloseTo(5 / 9)
  })

  it('counts the window only', () => {
    expect(workOf(profile, { fromMs: 5, toMs: 8 })).toMatchObject([{ kind: 'execute', microseconds: 3_000 }])
  })
})

describe('flameGraph()', () => {
  it('nests calls by their callers, wide as their time, with names escaped', () => {
    const page = flameGraph('run', profile)
    expect(page).toContain('<title>src/ledger/execute-block.ts:1 execute: 50.0 %</title>')
    expect(page).toContain('<title>native slice&lt;b&gt;: 50.0 %</title>')
    expect(page).not.toMatch(/NaN/)
  })
})
