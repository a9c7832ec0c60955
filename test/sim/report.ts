// How results look on a terminal.

import type { Outcome } from './simulate.ts'

/** Columns as wide as they need; numbers to the right. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const isNumber = heads.map((_, column) => rows.every((row) => /^[\d.,]*( s)?$/.test(row[column] ?? '')))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [line(heads), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

export function describeViolation(outcome: Outcome, story: readonly string[]): string {
  const { seed, plan, violation } = outcome
  if (violation === null) return `seed ${seed}: no violation`
  const head = `seed ${seed} violates ${violation.invariant} at ${(violation.atMs / 1_000).toFixed(3)} s: ${violation.text}`
  return [`${plan}`, ...story, '', head].join('\n')
}

/** One line that rewrites itself on a terminal, or says something every few seconds. Null ends it. */
export function progress(title: string | null): (line: string | null) => void {
  if (title === null) return () => undefined
  const { stderr } = process
  let saidMs = performance.now()
  return (line) => {
    if (stderr.isTTY) stderr.write(line === null ? '\r\x1b[K' : `\r\x1b[K${title}: ${line}`)
    else if (line !== null && performance.now() - saidMs > 10_000) {
      saidMs = performance.now()
      stderr.write(`${title}: ${line}\n`)
    }
  }
}
