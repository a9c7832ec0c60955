import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const IMPORT =
  /^(?:import|export)\b(?!\s+type\b)(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm
const { imports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  imports: Record<string, { default: string }>
}

/** As a bundler for browsers resolves: `#name` by its default condition, packages by their own exports. */
function resolve(specifier: string, from: string): string {
  const mapped = imports[specifier]
  if (mapped) return join(ROOT, mapped.default)
  if (specifier.startsWith('.')) return join(dirname(from), specifier)
  return fileURLToPath(import.meta.resolve(specifier, pathToFileURL(from).href))
}

/** Every module that the entry loads, and every specifier that is no file. */
function graphOf(entry: string): { files: Set<string>; builtins: string[] } {
  const files = new Set<string>()
  const builtins: string[] = []
  const queue = [entry]
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue
    files.add(file)
    for (const [, from, lazily] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const specifier = (from ?? lazily) as string
      if (isBuiltin(specifier)) builtins.push(`${file}: ${specifier}`)
      else queue.push(resolve(specifier, file))
    }
  }
  return { files, builtins }
}

describe('the SDK in a browser', () => {
  it('loads no module of Node, neither its own nor through a package', () => {
    const { files, builtins } = graphOf(join(ROOT, 'src/client/client.ts'))
    expect(builtins).toEqual([])
    const own = [...files].filter((file) => !file.includes('node_modules')).map((file) => file.slice(ROOT.length))
    expect(own).toEqual(expect.arrayContaining(['src/client/verify-receipt.ts', 'src/crypto/backend-noble.ts']))
    expect(own).not.toContain('src/crypto/backend-node.ts')
    expect([...files].some((file) => file.includes('@noble/curves'))).toBe(true)
  })

  it('would be seen to load one', () => {
    expect(graphOf(join(ROOT, 'src/crypto/backend-node.ts')).builtins).not.toEqual([])
  })
})
