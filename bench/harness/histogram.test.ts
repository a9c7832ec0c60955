import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { histogram } from './histogram.ts'

describe('histogram()', () => {
  it('counts samples by classes of a round width', () => {
    const lines = histogram([210, 220, 230, 405, 406, 999])
    expect(lines[0]).toMatch(/^ 200 {2}█+ +3$/)
    expect(lines.at(-1)).toMatch(/^ 950 {2}█+ +1$/)
  })

  it('has no line for no samples, and one for one', () => {
    expect(histogram([])).toEqual([])
    expect(histogram([7])).toHaveLength(1)
  })

  it('loses no sample and stays short', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1 }), (samples) => {
        const lines = histogram(samples)
        expect(lines.length).toBeLessThanOrEqual(18)
        expect(lines.reduce((sum, line) => sum + Number(line.split(/\s+/).at(-1)), 0)).toBe(samples.length)
      }),
    )
  })
})
