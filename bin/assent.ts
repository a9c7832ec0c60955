#!/usr/bin/env node
// The one program: parses the command line and hands over to src/cli. What Node compiles is kept for the next start: half
// of a start is compiling. In the project's own folder, where nobody else writes; without one there is no cache.

import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/assent', import.meta.url)))
const { run } = await import('../src/cli/program.ts')

process.exitCode = await run(process.argv.slice(2))
