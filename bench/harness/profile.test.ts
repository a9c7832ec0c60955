import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nameOf, selfTimes } from './profile.ts'

const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 })

describe('nameOf()', () => {
  it.each([
    [frame('step', 'file:///home/x/assent/src/consensus/core.ts'), 'src/consensus/core.ts:10 step'],
    [frame('', 'file:///home/x/assent/src/consensus/core.ts'), 'src/consensus/core.ts:10 (anonymous)'],
    [frame('f', 'file:///x/node_modules/@libp2p/tcp/dist/src/index.js'), '@libp2p/tcp'],
    [frame('f', 'file:///x/node_modules/fastify/fastify.js'), 'fastify'],
    [frame('emit', 'node:events'), 'node:events'],
    [frame('(idle)', ''), '(idle)'],
    [frame('writev', ''), 'native writev'],
  ])('names %o', (callFrame, name) => {
    expect(nameOf(callFrame)).toBe(name)
  })
})

describe('selfTimes()', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'assent-profile-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('counts the window alone, largest first', () => {
    const profile = {
      nodes: [
        { id: 1, callFrame: frame('(idle)', '') },
        { id: 2, callFrame: frame('emit', 'node:events') },
      ],
      startTime: 1_000_000,
      samples: [1, 2, 1, 2],
      // At 1,001, 1,002, 1,005 and 1,009 ms.
      timeDeltas: [1_000, 1_000, 3_000, 4_000],
    }
    writeFileSync(join(folder, 'a.cpuprofile'), JSON.stringify(profile))
    expect(selfTimes(folder, { fromMs: 1_002, toMs: 1_009 })).toEqual([
      { name: '(idle)', share: 0.75 },
      { name: 'node:events', share: 0.25 },
    ])
  })
})
