import { describe, expect, it } from 'vitest'
import { compareReports } from './compare.ts'
import { htmlReport } from './html-report.ts'
import type { BenchReport } from './report.ts'

function report(change: Partial<BenchReport> = {}): BenchReport {
  return {
    bench: 'saturation',
    question: 'How much is <kept>?',
    setup: '4 validators',
    machine: { cpu: 'X', cores: 2, memoryGiB: 24, os: 'linux', loadBefore: 0.1 },
    versions: { assent: '0.1.0', commit: 'abc', node: 'v26' },
    seed: 1,
    figures: { keptPerSecond: 100, latencyMs: { p50: 4, p99: 10 }, rates: [{ rate: 50, p50Ms: 3 }] },
    series: [
      {
        name: 'committed',
        unit: '1/s',
        points: [
          [0, 90],
          [1, 100],
          [2, 120],
        ],
      },
      {
        name: 'p99 latency',
        unit: 'ms',
        over: 'requests a second',
        points: [
          [100, 4],
          [200, 8],
        ],
      },
    ],
    ...change,
  }
}

describe('compareReports()', () => {
  it('says of every figure in both, and of the median of every series, how B is to A', () => {
    const faster = report({
      figures: { keptPerSecond: 150, latencyMs: { p50: 2, p99: 10 }, rates: [{ rate: 50, p50Ms: 6 }] },
      series: [
        {
          name: 'committed',
          unit: '1/s',
          points: [
            [0, 100],
            [1, 200],
            [2, 300],
          ],
        },
      ],
    })
    const lines = compareReports(report(), faster).join('\n')
    expect(lines).toMatch(/kept per second +100 +150 +1\.50/)
    expect(lines).toMatch(/latency ms: p50 +4 +2 +0\.50/)
    expect(lines).toMatch(/rates 50: p50 ms +3 +6 +2\.00/)
    expect(lines).toMatch(/committed +90, 100, 120 +100, 200, 300 +2\.00/)
  })

  it('warns where machine or set-up differ, and refuses different questions', () => {
    const other = report({ setup: '7 validators', machine: { ...report().machine, cores: 4 } })
    expect(compareReports(report(), other).join('\n')).toMatch(/different machines[\s\S]*different set-ups/)
    expect(() => compareReports(report(), report({ bench: 'latency' }))).toThrow('saturation and latency')
  })
})

describe('htmlReport()', () => {
  it('shows figures, tables and a plot for each pair of axes, all text escaped', () => {
    const page = htmlReport([report()])
    expect(page).toContain('How much is &lt;kept&gt;?')
    expect(page.match(/<svg/g)).toHaveLength(2)
    expect(page).toContain('<th>kept per second</th><td>100</td>')
    expect(page).toMatch(/<th>rate<\/th><th>p50 ms<\/th>/)
    expect(page).not.toMatch(/NaN|undefined|<script/)
  })

  it('draws a single value and a flat line without a division by zero', () => {
    const flat = report({
      series: [
        {
          name: 'flat',
          unit: 'ms',
          points: [
            [5, 0],
            [5, 0],
          ],
        },
      ],
    })
    expect(htmlReport([flat])).not.toMatch(/NaN|Infinity/)
  })
})
