// What the compiler says to people: file, line, column, the source line with a caret, and what to do.

export interface Source {
  /** As named in messages; the contract `consent` stands in `consent.clause`. */
  readonly name: string
  readonly text: string
}

/** Offsets into the text of a source, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  /** What to do about it. */
  readonly advice: string
  readonly sourceLine: string
  /** Characters under the caret, at least 1. */
  readonly length: number
}

/** One mistake in one source; thrown inside the compiler, collected by it. */
export class Mistake extends Error {
  readonly span: Span
  readonly advice: string
  /** Where it is not the source that is being compiled: a file that this one takes things from. */
  source: Source | null = null
  constructor(span: Span, message: string, advice: string) {
    super(message)
    this.span = span
    this.advice = advice
  }
}

/** Thrown by compile(): every mistake that was found, in order of the text. */
export class CompileError extends Error {
  override readonly name = 'CompileError'
  readonly diagnostics: readonly Diagnostic[]
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n\n'))
    this.diagnostics = diagnostics
  }
}

export function diagnose(compiled: Source, mistake: Mistake): Diagnostic {
  const source = mistake.source ?? compiled
  const { start, end } = mistake.span
  const before = source.text.slice(0, start)
  const line = before.split('\n').length
  const lineStart = before.lastIndexOf('\n') + 1
  const sourceLine = source.text.slice(lineStart).split('\n', 1)[0] ?? ''
  const column = start - lineStart + 1
  return {
    file: source.name,
    line,
    column,
    message: mistake.message,
    advice: mistake.advice,
    sourceLine,
    length: Math.max(1, Math.min(end - start, sourceLine.length - column + 1)),
  }
}

export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, message, advice, sourceLine, length } = diagnostic
  const gutter = String(line)
  const margin = ' '.repeat(gutter.length)
  // Tabs stay tabs, so that the caret stands under the word whatever their width.
  const indent = sourceLine.slice(0, column - 1).replace(/[^\t]/g, ' ')
  return [
    `${file}:${line}:${column}: ${message}`,
    `${margin} |`,
    `${gutter} | ${sourceLine}`,
    `${margin} | ${indent}${'^'.repeat(length)}`,
    `${margin} = ${advice}`,
  ].join('\n')
}

/** The candidate that a misspelt word most likely meant, as the end of an advice; empty when none is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best === undefined ? '' : ` Did you mean "${best}"?`
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
