// Every rule of consensus, and every sentence of Raft that it keeps, has a test of its own: the table at the end of
// spec/consensus.md, "How the rules are tested", names it, and it is there.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const FOLDER = 'src/consensus'
const IDS = ['R1', 'R2', 'R3', 'R4', 'R5', 'E1', 'E2', 'E3', 'E4', 'E5', 'E6', 'E7', 'E8']

interface Row {
  readonly rule: string
  readonly file: string
  readonly title: string
}

function rowsOf(page: string): readonly Row[] {
  const [, table = ''] = page.split('## How the rules are tested')
  return [...table.matchAll(/^\| ([^|]+) \| `([^`]+)` \| (.+) \|$/gm)].map(([, rule = '', file = '', title = '']) => ({
    rule,
    file: join(FOLDER, `${file}.test.ts`),
    title,
  }))
}

/** Is there a test with this very title? */
function isThere({ file, title }: Row): boolean {
  if (!existsSync(file)) return false
  const source = readFileSync(file, 'utf8')
  return ["'", '"'].some((quote) => source.includes(`it(${quote}${title}${quote}`))
}

describe('the rules of consensus', () => {
  const rows = rowsOf(readFileSync('spec/consensus.md', 'utf8'))

  it('each have a test', () => {
    expect(rows.length).toBeGreaterThan(70)
    expect(rows.filter((row) => !isThere(row))).toEqual([])
    expect(IDS.filter((id) => !rows.some(({ rule }) => new RegExp(`^${id}\\b`).test(rule)))).toEqual([])
  })

  it('miss a test that is gone, or has another title', () => {
    const page = '## How the rules are tested\n| R1 | `rules` | nothing of the kind |\n| R2 | `nowhere` | a title |\n'
    expect(rowsOf(page).filter(isThere)).toEqual([])
    expect(rowsOf(page).length).toBe(2)
  })
})
