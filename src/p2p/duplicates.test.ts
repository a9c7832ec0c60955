import { describe, expect, it } from 'vitest'
import type { PublicKey } from '../types/brand.ts'
import { keepsExisting } from './duplicates.ts'
import { SIMULTANEOUS_DIAL_MS } from './limits.ts'

const small = '11'.repeat(32) as PublicKey
const large = '22'.repeat(32) as PublicKey

describe('keepsExisting()', () => {
  it('keeps the dial of the smaller key when both dialled at once, whichever came first', () => {
    const bySmall = { openedAtMs: 0, dialledBy: small }
    const byLarge = { openedAtMs: 10, dialledBy: large }
    expect(keepsExisting(bySmall, byLarge)).toBe(true)
    expect(keepsExisting({ ...byLarge, openedAtMs: 0 }, { ...bySmall, openedAtMs: 10 })).toBe(false)
  })

  it('replaces a connection whose dialler dials again: it has lost the first', () => {
    expect(keepsExisting({ openedAtMs: 0, dialledBy: small }, { openedAtMs: 10, dialledBy: small })).toBe(false)
  })

  it('replaces an old connection, whoever dials', () => {
    const existing = { openedAtMs: 0, dialledBy: small }
    expect(keepsExisting(existing, { openedAtMs: SIMULTANEOUS_DIAL_MS + 1, dialledBy: large })).toBe(false)
  })
})
