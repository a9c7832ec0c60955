// An answer as JSON for tools, and as aligned text for people.

import { pairs, table } from '../../src/cli/output.ts'
import { describeMachine, describeVersions, type Machine, type Versions } from './machine.ts'
import type { Answer, BenchOptions, Figures, Group, Question, Series } from './question.ts'

export interface BenchReport {
  readonly bench: string
  readonly question: string
  readonly setup: string
  readonly machine: Machine
  readonly versions: Versions
  readonly seed: number
  readonly figures: Figures
  readonly series: readonly Series[]
}

/** Answers the question. */
export async function runQuestion(
  { name, question, run }: Question,
  options: BenchOptions,
): Promise<{ report: BenchReport; notes: NonNullable<Answer['notes']> }> {
  // Before the run: afterwards the load is our own.
  const machine = describeMachine()
  const { setup, figures, series, notes = [] } = await run(options)
  const versions = describeVersions()
  return { report: { bench: name, question, setup, machine, versions, seed: options.seed, figures, series }, notes }
}

export function describeReport({ report, notes }: Awaited<ReturnType<typeof runQuestion>>): readonly string[] {
  const { machine, versions } = report
  const { cpu, cores, memoryGiB, os, loadBefore } = machine
  return [
    '',
    report.question,
    '',
    ...pairs([
      ['machine', `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${os}, load before the run ${loadBefore}`],
      ['versions', `assent ${versions.assent} (${versions.commit ?? 'no commit'}), node ${versions.node}`],
      ['seed', report.seed],
    ]),
    '',
    ...wrap(report.setup),
    '',
    ...pairs(figureRows(report.figures)),
    ...Object.entries(report.figures).flatMap(([name, value]) =>
      Array.isArray(value) ? ['', words(name), ...rows(value)] : [],
    ),
    ...notes.flatMap(({ title, lines }) => ['', title, ...lines.map((line) => `  ${line}`)]),
    '',
  ]
}

/** Of everything that is no table of its own. */
export const figureRows = (figures: Figures): readonly (readonly [name: string, value: string | number])[] =>
  Object.entries(figures).flatMap(([name, value]) =>
    Array.isArray(value) ? [] : [[words(name), typeof value === 'number' ? value : inOneLine(value as Group)] as const],
  )

const inOneLine = (group: Group): string =>
  Object.entries(group)
    .map(([key, each]) => `${key} ${each}`)
    .join('   ')

function rows(groups: readonly Group[]): readonly string[] {
  const names = Object.keys(groups[0] ?? {})
  return table(
    names.map(words),
    groups.map((group) => names.map((name) => group[name] ?? 0)),
  ).map((line) => `  ${line}`)
}

/** transactionsPerSecond -> transactions per second */
export const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const LINE_WIDTH = 100

function wrap(text: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= LINE_WIDTH) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
