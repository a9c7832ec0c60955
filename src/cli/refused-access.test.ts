import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { breakGlassHint, conceals } from './refused-access.ts'

describe('who is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assent-refused-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const config = { role: 'observer', p2p: { listen: '/ip4/127.0.0.1/tcp/0' }, rpc: { port: 0 } }

  it.each([
    [{ disclosure: 'conceal' }, true],
    [{ disclosure: 'reveal' }, false],
    [{}, false],
  ])('is told as the node is configured: %j', (vault, expected) => {
    writeFileSync(join(folder, 'assent.json'), JSON.stringify({ ...config, vault }))
    expect(conceals(folder)).toBe(expected)
  })

  it.each(['NO_CONSENT', 'DENIED', 'REVOKED', 'EXPIRED', 'NOT_COVERED'])('for %s hears of break-glass', (reason) => {
    expect(breakGlassHint({ reasons: [reason] }, { purpose: 'TREAT' }).join()).toContain('--purpose BTG')
    expect(breakGlassHint({ reasons: [reason] }, { purpose: 'BTG' })).toEqual([])
  })

  it.each(['SUSPENDED', 'NOT_AFFILIATED', 'ROLE_PURPOSE', 'UNKNOWN_PATIENT', 'BREAK_GLASS_REFUSED'])(
    'for %s does not: it would not help',
    (reason) => {
      expect(breakGlassHint({ reasons: [reason] }, { purpose: 'TREAT' })).toEqual([])
    },
  )
})
