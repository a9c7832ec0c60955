// Every dependency is pinned to an exact version and stands in ARCHITECTURE.md with a reason.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const pinned = Object.entries({
  ...manifest.dependencies,
  ...manifest.optionalDependencies,
  ...manifest.devDependencies,
})

/** Rows of the two tables: names, their versions in the same order (or one for all), what for, why. */
const documented = new Map(
  readFileSync('ARCHITECTURE.md', 'utf8')
    .split('\n## Dependencies\n')[1]
    ?.split('\n## ')[0]
    ?.split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => /^\d/.test(cells[2] ?? ''))
    .flatMap(([, names = '', versions = '', purpose = '']) => {
      const versionOf = versions.split(', ')
      return names.split(', ').map((name, i) => [name, { version: versionOf[i] ?? versionOf[0], purpose }] as const)
    }),
)

describe('dependencies', () => {
  it.each(pinned)('%s is pinned to one version', (_name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it.each(pinned)('%s %s stands in ARCHITECTURE.md, with what it is for', (name, version) => {
    expect(documented.get(name)).toMatchObject({ version, purpose: expect.stringMatching(/\w/) })
  })

  it('stand in package.json, if ARCHITECTURE.md names them', () => {
    expect([...documented.keys()].toSorted()).toEqual(pinned.map(([name]) => name).toSorted())
  })
})
