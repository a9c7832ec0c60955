import { describe, expect, it } from 'vitest'
import { linearizability, nothingRefusedCommitted } from './judgement.ts'
import type { Request } from './load.ts'
import type { Input, Output } from './registers.ts'

const key = 'consent'
let clockMs = 0
function asked(input: Input, output: Output | null, more: Partial<Request> = {}): Request {
  const startMs = clockMs++
  const told = { output, height: output === null ? null : 7, reason: '', refused: false }
  return { client: 0, input, signed: {} as never, startMs, endMs: clockMs++, ...told, ...more }
}
const update = (replaces: number): Input => ({ kind: 'updateConsent', key, replaces, permits: false })
const request: Input = { kind: 'requestAccess', key }

describe('the judgement of a run', () => {
  it('finds a permit that was decided after the consent had been withdrawn', () => {
    const withdrawn = asked(update(1), { kind: 'version', version: 2 })
    const stale = asked(request, { kind: 'decision', version: 1, permits: true })
    expect(linearizability([withdrawn, stale])).toMatchObject({
      ok: false,
      detail: expect.stringContaining('version":1'),
    })
    const fresh = asked(request, { kind: 'decision', version: 2, permits: false })
    expect(linearizability([withdrawn, fresh]).ok).toBe(true)
  })

  it('takes what the client was not told for something that may have come late', () => {
    const late = asked(update(1), { kind: 'version', version: 2 }, { endMs: Number.POSITIVE_INFINITY })
    const before = asked(request, { kind: 'decision', version: 1, permits: true })
    const after = asked(request, { kind: 'decision', version: 2, permits: false })
    expect(linearizability([late, before, after]).ok).toBe(true)
    expect(linearizability([late, after, before]).ok).toBe(true)
    const [first, second] = [asked(request, after.output), asked(request, before.output)]
    expect(linearizability([late, first, second]).ok).toBe(false)
  })

  it('is not content with an empty history', () => {
    expect(linearizability([]).ok).toBe(false)
  })

  it('finds a transaction that a client was told can never be committed', () => {
    const refused = asked(update(1), null, { refused: true })
    expect(nothingRefusedCommitted([refused]).ok).toBe(true)
    expect(nothingRefusedCommitted([{ ...refused, height: 3 }]).ok).toBe(false)
  })
})
