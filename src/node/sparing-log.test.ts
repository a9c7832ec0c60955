import { describe, expect, it } from 'vitest'
import type { Log } from './log.ts'
import { createSparingLog, LINES_PER_MESSAGE_MAX, LINES_PER_PEER_MAX } from './sparing-log.ts'

function setUp() {
  const lines: { level: string; fields: unknown; message: unknown }[] = []
  const write = (level: string) => (fields: unknown, message?: string) => void lines.push({ level, fields, message })
  const log: Log = {
    fatal: write('fatal'),
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
  }
  let nowMs = 0
  const sparing = createSparingLog(log, { nowMs: () => nowMs })
  return { lines, sparing, pass: (ms: number) => (nowMs += ms) }
}

describe('a sparing log', () => {
  it('writes a few lines of one kind about one peer, and all of another kind or about another peer', () => {
    const { lines, sparing } = setUp()
    for (let i = 0; i < 1_000; i++) sparing.warn({ member: 3, i }, 'malformed')
    expect(lines).toHaveLength(LINES_PER_PEER_MAX)
    sparing.warn({ member: 3 }, 'misbehaviour')
    sparing.warn({ member: 2 }, 'malformed')
    sparing.warn({ peer: 'ab' }, 'malformed')
    expect(lines).toHaveLength(LINES_PER_PEER_MAX + 3)
  })

  it('says after a minute how many were left out', () => {
    const { lines, sparing, pass } = setUp()
    for (let i = 0; i < LINES_PER_PEER_MAX + 5; i++) sparing.error({ peer: 'ab' }, 'malformed')
    pass(60_000)
    sparing.error({ peer: 'ab' }, 'malformed')
    expect(lines.at(-1)).toEqual({ level: 'error', fields: { peer: 'ab', leftOut: 5 }, message: 'malformed' })
    sparing.error({ peer: 'ab' }, 'malformed')
    expect(lines.at(-1)?.fields).toEqual({ peer: 'ab' })
  })

  it('is bounded, too, against strangers with ever new keys', () => {
    const { lines, sparing } = setUp()
    for (let i = 0; i < 10 * LINES_PER_MESSAGE_MAX; i++) sparing.info({ peer: `stranger ${i}` }, 'connection refused')
    expect(lines).toHaveLength(LINES_PER_MESSAGE_MAX)
  })

  it('always writes what the node says of itself', () => {
    const { lines, sparing } = setUp()
    for (let i = 0; i < 1_000; i++) {
      sparing.info('node started')
      sparing.info({ role: 'leader' }, 'role changed')
      sparing.fatal({ peer: 'ab' }, 'the node stops')
    }
    expect(lines).toHaveLength(3_000)
  })
})
