// Nothing of consequence without a yes: on the command line, or at the keyboard.

import { createInterface } from 'node:readline/promises'
import { progress, UsageError } from './output.ts'

export interface ConfirmOptions {
  readonly yes?: boolean
  readonly force?: boolean
  readonly json?: boolean
}

/** Throws UsageError unless it is confirmed. `preview` was not printed yet; with --json nothing but the result is. */
export async function confirm(
  question: string,
  { preview, objections }: { preview: readonly string[]; objections: readonly string[] },
  { yes, force, json }: ConfirmOptions,
): Promise<void> {
  if (!json) for (const line of preview) progress(line)
  if (objections.length > 0 && !force) {
    throw new UsageError([...objections, 'nothing was done; --force does it all the same'].join('\n  '))
  }
  for (const objection of objections) progress(`warning: ${objection}`)
  if (yes) return
  if (!process.stdin.isTTY) throw new UsageError('--yes: needed where nobody can be asked; nothing was done')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError('nothing was done')
  } finally {
    terminal.close()
  }
}
