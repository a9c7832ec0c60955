// A report for people who look: one page without scripts, plots as SVG, figures as tables.

import type { Group, Series } from './question.ts'
import { type BenchReport, figureRows, words } from './report.ts'

const WIDTH = 640
const HEIGHT = 240
const MARGIN = { left: 64, right: 16, top: 16, bottom: 40 } as const
const COLOURS = ['#1b5e8c', '#c2571a', '#2f7d4f', '#7a3e9d', '#8c6d1b', '#a3293d'] as const
const TICKS = 5

export function htmlReport(reports: readonly BenchReport[]): string {
  const title = reports.length === 1 ? `Assent: ${reports[0]?.bench}` : 'Assent: bench'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2530; max-width: 720px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin-top: 2.5rem } h3 { font-size: .95rem; margin: 1.5rem 0 .3rem }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .15rem .8rem .15rem 0; text-align: right; border-bottom: 1px solid #dde3ea }
th:first-child, td:first-child { text-align: left } p.setup { color: #54616f }
svg { display: block; width: 100%; height: auto } svg text { font: 11px system-ui, sans-serif; fill: #54616f }
.legend span { display: inline-block; margin-right: 1rem } .legend i { display: inline-block; width: .8em; height: .8em; margin-right: .35em }
</style>
<h1>${escaped(title)}</h1>
${reports.map(section).join('\n')}
</html>
`
}

function section({ bench, question, setup, machine, versions, seed, figures, series }: BenchReport): string {
  const { cpu, cores, memoryGiB, os, loadBefore } = machine
  const tables = Object.entries(figures).filter(([, value]) => Array.isArray(value))
  return `<h2 id="${escaped(bench)}">${escaped(question)}</h2>
<table>${figureRows(figures)
    .map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(String(value))}</td></tr>`)
    .join('')}</table>
${tables.map(([name, rows]) => `<h3>${escaped(words(name))}</h3>${groupTable(rows as readonly Group[])}`).join('\n')}
${plots(series)}
<p class="setup">${escaped(setup)}.</p>
<p class="setup">${escaped(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${os}, load before ${loadBefore}; assent ${versions.assent} (${versions.commit ?? 'no commit'}), node ${versions.node}; seed ${seed}`)}</p>`
}

function groupTable(rows: readonly Group[]): string {
  const names = Object.keys(rows[0] ?? {})
  const cells = (row: Group) => names.map((name) => `<td>${row[name] ?? ''}</td>`).join('')
  const head = names.map((name) => `<th>${escaped(words(name))}</th>`).join('')
  return `<table><tr>${head}</tr>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</table>`
}

/** Series with the same axes share a plot. */
function plots(series: readonly Series[]): string {
  const byAxes = new Map<string, Series[]>()
  for (const each of series.filter(({ points }) => points.length > 1)) {
    const axes = `${each.over ?? 'seconds'}\0${each.unit}`
    byAxes.set(axes, [...(byAxes.get(axes) ?? []), each])
  }
  return [...byAxes.values()].map(plot).join('\n')
}

function plot(series: readonly Series[]): string {
  const points = series.flatMap((each) => each.points)
  const x = scale(
    points.map(([over]) => over),
    { from: MARGIN.left, to: WIDTH - MARGIN.right, zero: false },
  )
  const y = scale(
    points.map(([, value]) => value),
    { from: HEIGHT - MARGIN.bottom, to: MARGIN.top, zero: true },
  )
  const [{ unit, over = 'seconds' } = { unit: '' }] = series
  const lines = series.map((each, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const path = each.points.map(([a, b]) => `${x.place(a)},${y.place(b)}`).join(' ')
    const dots =
      each.points.length > 40
        ? ''
        : each.points
            .map(([a, b]) => `<circle cx="${x.place(a)}" cy="${y.place(b)}" r="2.5" fill="${colour}"/>`)
            .join('')
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.8"/>${dots}`
  })
  const legend = series.map(
    ({ name }, i) => `<span><i style="background:${COLOURS[i % COLOURS.length]}"></i>${escaped(name)}</span>`,
  )
  const xTicks = x.ticks.map(
    (tick) => `<text x="${x.place(tick)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${tick}</text>`,
  )
  const yTicks = y.ticks.map(
    (tick) =>
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y.place(tick)}" y2="${y.place(tick)}" stroke="#e6ebf0"/><text x="${MARGIN.left - 8}" y="${y.place(tick) + 4}" text-anchor="end">${tick}</text>`,
  )
  return `<p class="legend">${legend.join('')}</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(series.map(({ name }) => name).join(', '))}">
${yTicks.join('')}${xTicks.join('')}
<text x="${WIDTH - MARGIN.right}" y="${HEIGHT - 6}" text-anchor="end">${escaped(over)}</text>
<text x="8" y="12">${escaped(unit)}</text>
${lines.join('\n')}
</svg>`
}

interface Scale {
  place(value: number): number
  readonly ticks: readonly number[]
}

/** Round ticks that span the values. */
function scale(values: readonly number[], { from, to, zero }: { from: number; to: number; zero: boolean }): Scale {
  const least = zero ? Math.min(0, ...values) : Math.min(...values)
  const most = Math.max(...values)
  const step = roundStep((most - least || 1) / TICKS)
  const low = Math.floor(least / step) * step
  const high = Math.max(Math.ceil(most / step) * step, low + step)
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) =>
    Number((low + i * step).toPrecision(12)),
  )
  const place = (value: number) => Math.round((from + ((value - low) / (high - low)) * (to - from)) * 10) / 10
  return { place, ticks }
}

function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10)
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter] as string)
