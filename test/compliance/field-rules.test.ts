// Every rule of the field in spec/health.md names a test, and it is there.

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Row {
  readonly rule: string
  readonly file: string
  readonly title: string
}

function rowsOf(page: string): readonly Row[] {
  return [...page.matchAll(/^\| ([^|]+) \| `([^`]+)` \| (.+) \|$/gm)].map(([, rule = '', file = '', title = '']) => {
    return { rule, file, title }
  })
}

/** A test of TypeScript, one of a table, or one of Clause with this very title. */
function isThere({ file, title }: Row): boolean {
  if (!existsSync(file)) return false
  const source = readFileSync(file, 'utf8')
  return (
    [`('${title}'`, `("${title}"`, `test "${title}"`].some((text) => source.includes(text)) || hasLine(source, title)
  )
}

/** A title too long to stand behind its parenthesis. */
const hasLine = (source: string, title: string): boolean =>
  source.split('\n').some((line) => [`'${title}',`, `"${title}",`].includes(line.trim()))

describe('the rules of the field', () => {
  const rows = rowsOf(readFileSync('spec/health.md', 'utf8'))

  it('each have a test', () => {
    expect(rows.length).toBeGreaterThan(90)
    expect(rows.filter((row) => !isThere(row))).toEqual([])
    expect(new Set(rows.map(({ rule }) => rule)).size).toBe(rows.length)
  })

  it('miss a test that is gone, or has another title', () => {
    const page =
      '| a | `test/compliance/field-rules.test.ts` | nothing of the kind |\n| b | `nowhere.test.ts` | a title |\n'
    expect(rowsOf(page)).toHaveLength(2)
    expect(rowsOf(page).filter(isThere)).toEqual([])
  })
})
