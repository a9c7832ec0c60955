// Code and documents cite the protocol by page and section, and each other by relative link. What is cited has to exist.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const PAGES = new Map(
  readdirSync('spec').map((page) => [`spec/${page}`, headingsOf(readFileSync(`spec/${page}`, 'utf8'))]),
)
/** Pages of LevelDB's own documentation. */
const FOREIGN_PAGES = ['log_format.md', 'table_format.md']
const FILES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.(ts|clause|md|grit)$/.test(file) && existsSync(file))

function headingsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.replaceAll('`', ''))
}

/** `spec/x.md`, `spec/x.md, "One" and "Two"` or `spec/x.md, sections 3 and 4`; also across lines of a comment. */
const CITATION = /(spec\/[\w-]+\.md)((?:,? (?:and )?"[^"\n]+")+|, sections? \d+(?:(?:, | and |, and )\d+)*)?/g

interface Citation {
  readonly page: string
  /** Headings, or numbers of numbered ones. */
  readonly sections: readonly string[]
}

function citationsIn(text: string): readonly Citation[] {
  const flat = text.replace(/\n\s*(?:\/\/|\*)? ?/g, ' ')
  return [...flat.matchAll(CITATION)].map(([, page = '', where = '']) => {
    const names = [...where.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name)
    const numbers = names.length === 0 ? (where.match(/\d+/g) ?? []) : []
    return { page, sections: [...names, ...numbers] }
  })
}

const isSectionOf = (page: string, section: string): boolean =>
  PAGES.get(page)?.some(
    (heading) =>
      heading === section || heading.startsWith(`${section}. `) || /^\d+\. (.+)$/.exec(heading)?.[1] === section,
  ) ?? false

function missingIn(text: string): readonly string[] {
  return citationsIn(text).flatMap(({ page, sections }) => {
    if (!PAGES.has(page)) return [page]
    return sections.filter((section) => !isSectionOf(page, section)).map((section) => `${page}, ${section}`)
  })
}

const linksIn = (text: string): readonly string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^(https?:|#)/.test(link))

describe('citations', () => {
  it('are found in comments, and missed sections are seen', () => {
    const wrong =
      '// A rule. spec/ledger.md, "Nowhere" and\n// "Receipts"; spec/consensus.md, sections 8 and 99; spec/nothing.md.'
    expect(missingIn(wrong)).toEqual(['spec/ledger.md, Nowhere', 'spec/consensus.md, 99', 'spec/nothing.md'])
    expect(missingIn('spec/consensus.md, "Quorum", and section 3 of spec/ledger.md')).toEqual([])
  })

  it('name pages and sections of spec/ that exist', () => {
    const missing = FILES.filter((file) => file !== 'test/compliance/citations.test.ts').flatMap((file) =>
      missingIn(readFileSync(file, 'utf8')).map((citation) => `${file}: ${citation}`),
    )
    expect(missing).toEqual([])
  })

  it('name no other page than those of this repository', () => {
    const own = FILES.filter((file) => file.endsWith('.md')).map((file) => basename(file))
    const known = new Set([...own, ...FOREIGN_PAGES])
    const unknown = FILES.filter((file) => file !== 'test/compliance/citations.test.ts').flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/[\w-]+\.md\b/g)]
        .filter(([page]) => !known.has(page))
        .map(([page]) => `${file}: ${page}`),
    )
    expect(unknown).toEqual([])
  })

  it('link to files that exist', () => {
    const broken = FILES.filter((file) => file.endsWith('.md')).flatMap((file) =>
      linksIn(readFileSync(file, 'utf8'))
        .filter((link) => !existsSync(join(dirname(file), link.replace(/#.*$/, ''))))
        .map((link) => `${file}: ${link}`),
    )
    expect(broken).toEqual([])
  })
})
