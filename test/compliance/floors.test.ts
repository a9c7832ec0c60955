// The linter's rules on floors and purity are checked by planting what they forbid: a checker that cannot fail is none.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const BIOME = resolve('node_modules/.bin/biome')

/** Lints one planted file in a folder of its own that has nothing but the project's rules. */
function lint(file: string, code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'assent-floors-'))
  try {
    for (const rules of ['biome.json', 'lint']) cpSync(rules, join(folder, rules), { recursive: true })
    mkdirSync(join(folder, dirname(file)), { recursive: true })
    writeFileSync(join(folder, file), code)
    const run = spawnSync(BIOME, ['lint', file, '--vcs-enabled=false', '--colors=off'], {
      cwd: folder,
      encoding: 'utf8',
    })
    return run.stdout + run.stderr
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const FORBIDDEN: readonly [file: string, code: string, complaint: string][] = [
  ['src/types/planted.ts', "import { a } from '../consensus/core.ts'\nexport const b = a\n", 'arrows point down'],
  ['src/crypto/planted.ts', "import { a } from '../ledger/store.ts'\nexport const b = a\n", 'arrows point down'],
  ['src/consensus/planted.ts', "import { a } from '../ledger/store.ts'\nexport const b = a\n", 'arrows point down'],
  ['src/consensus/planted.ts', "import { a } from '../contracts/execute.ts'\nexport const b = a\n", 'same floor'],
  ['src/ledger/planted.ts', "import { a } from '../p2p/gate.ts'\nexport const b = a\n", 'same floor'],
  ['src/ledger/planted.ts', "import type { A } from '../rpc/server.ts'\nexport type B = A\n", 'arrows point down'],
  ['src/vault/planted.ts', "import { a } from '../fhir/import.ts'\nexport const b = a\n", 'same floor'],
  ['src/client/planted.ts', "import { a } from '../node/node.ts'\nexport const b = a\n", 'arrows point down'],
  ['src/node/planted.ts', "import { a } from '../cli/start.ts'\nexport const b = a\n", 'arrows point down'],
  ['src/consensus/planted.ts', "import { hash } from 'node:crypto'\nexport const b = hash\n", 'pure core: no node:'],
  ['src/consensus/planted.ts', 'export const now = () => Date.now()\n', 'Date'],
  ['src/contracts/planted.ts', 'export const dice = () => Math.random()\n', 'no randomness'],
  ['src/contracts/planted.ts', 'export const wait = async () => 1\n', 'no async'],
  ['src/contracts/planted.ts', 'export const later = (f: () => void) => setTimeout(f, 1)\n', 'setTimeout'],
]

const ALLOWED: readonly [file: string, code: string][] = [
  ['src/ledger/planted.ts', "import { a } from '../contracts/execute.ts'\nexport const b = a\n"],
  ['src/node/planted.ts', "import { a } from '../rpc/server.ts'\nexport const b = a\n"],
  ['src/consensus/planted.ts', "import { a } from '../types/block.ts'\nexport const b = Math.max(a, 1)\n"],
]

describe('the linter', () => {
  it.each(FORBIDDEN)('refuses in %s: %s', (file, code, complaint) => {
    expect(lint(file, code)).toContain(complaint)
  })

  it.each(ALLOWED)('accepts in %s: %s', (file, code) => {
    const report = lint(file, code)
    expect(report).toContain('Checked 1 file')
    expect(report).not.toMatch(/noRestricted|plugin/)
  })
})
