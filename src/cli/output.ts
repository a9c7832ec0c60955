// What commands print: a value as JSON for tools, or aligned text for people. Results go to standard output, progress and
// problems to standard error.

/** A mistake of the person at the keyboard or in a file: printed without a stack, exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export interface OutputOptions {
  readonly json?: boolean
}

/** Prints `result` as JSON, or the lines that `describe` makes of it. */
export function print<T>(
  result: T,
  describe: (result: T) => string | readonly string[],
  { json }: OutputOptions,
): void {
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else {
    const text = describe(result)
    process.stdout.write(`${typeof text === 'string' ? text : text.join('\n')}\n`)
  }
}

export function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Of the rule above the last column, whose cells may be sentences. */
const RULE_MAX = 40

/** Columns padded to their widest cell; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): readonly string[] {
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  const cells = [head, ...rows].map((row) => head.map((_, column) => String(row[column] ?? '')))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] as string).length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] as number
        return numeric[column] ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const [title = [], ...body] = cells
  const rules = widths.map((width, column) =>
    '─'.repeat(column === widths.length - 1 ? Math.min(width, RULE_MAX) : width),
  )
  return [line(title), rules.join('  '), ...body.map(line)]
}

/** Name and value pairs, the values in one column. */
export function pairs(entries: readonly (readonly [name: string, value: string | number])[]): readonly string[] {
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

/** "1 record", "2 records" */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Ids are random: their first characters tell them apart. */
export const shortId = (id: string): string => id.slice(0, 12)
