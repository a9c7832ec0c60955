// Two reports of one question beside each other: figure by figure, with the spread of what was measured second by second.

import { table } from '../../src/cli/output.ts'
import type { Figures, Group, Series } from './question.ts'
import { type BenchReport, words } from './report.ts'

/** Throws where they answer different questions. */
export function compareReports(a: BenchReport, b: BenchReport): readonly string[] {
  if (a.bench !== b.bench) throw new Error(`these answer different questions: ${a.bench} and ${b.bench}`)
  const first = flat(a.figures)
  const second = flat(b.figures)
  const rows = [...first].flatMap(([name, value]) => {
    const other = second.get(name)
    return other === undefined ? [] : [[words(name), String(value), String(other), ratio(other, value)]]
  })
  const spreads = a.series.flatMap((series) => {
    const other = b.series.find(({ name }) => name === series.name)
    return other === undefined
      ? []
      : [[series.name, spread(series), spread(other), ratio(median(other), median(series))]]
  })
  const warnings = [
    ...(a.machine.cpu === b.machine.cpu && a.machine.cores === b.machine.cores
      ? []
      : ['They are of different machines.']),
    ...(a.setup === b.setup ? [] : ['They have different set-ups.']),
  ]
  return [
    a.question,
    '',
    `A: assent ${a.versions.assent} (${a.versions.commit ?? 'no commit'}), load before ${a.machine.loadBefore}`,
    `B: assent ${b.versions.assent} (${b.versions.commit ?? 'no commit'}), load before ${b.machine.loadBefore}`,
    ...warnings,
    '',
    ...table(['figure', 'A', 'B', 'B / A'], rows),
    ...(spreads.length === 0 ? [] : ['', ...table(['series: least, median, most', 'A', 'B', 'B / A'], spreads)]),
  ]
}

/** Groups and rows of tables by names of their own: a row is named by its first number. */
function flat(figures: Figures): Map<string, number> {
  const values = new Map<string, number>()
  for (const [name, value] of Object.entries(figures)) {
    if (typeof value === 'number') values.set(name, value)
    else if (Array.isArray(value))
      for (const row of value as readonly Group[]) flatGroup(`${name} ${Object.values(row)[0]}`, row, values)
    else flatGroup(name, value as Group, values)
  }
  return values
}

function flatGroup(name: string, group: Group, values: Map<string, number>): void {
  for (const [key, value] of Object.entries(group)) values.set(`${name}: ${key}`, value)
}

const ratio = (value: number, to: number): string => (to === 0 ? '-' : (value / to).toFixed(2))
const valuesOf = ({ points }: Series): readonly number[] => points.map(([, value]) => value).sort((x, y) => x - y)
const median = (series: Series): number => {
  const values = valuesOf(series)
  return values[values.length >> 1] ?? 0
}

function spread(series: Series): string {
  const values = valuesOf(series)
  return `${values[0] ?? 0}, ${median(series)}, ${values.at(-1) ?? 0}`
}
