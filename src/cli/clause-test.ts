// assent clause test: runs tests written in Clause.

import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Command } from 'commander'
import { compileForTools } from '../contracts/lang/compile.ts'
import { formatDiagnostic } from '../contracts/lang/diagnostics.ts'
import { contractsUsedBy, readTests, runTests, type TestResult } from '../contracts/run-tests.ts'
import { BUILT_IN_FOLDER } from '../node/built-in-contracts.ts'
import { readSource, reportingMistakes, TEST_ENDING, withUsed } from './clause-sources.ts'
import { counted, print } from './output.ts'

interface FileResult {
  readonly file: string
  readonly tests: readonly TestResult[]
}

export function addClauseTest(clause: Command): void {
  clause
    .command('test')
    .description('run tests written in Clause; without a file, those of the built-in contracts')
    .argument('[file...]', `files that end in ${TEST_ENDING}`)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent clause test\n  assent clause test visits.test.clause')
    .action((given: readonly string[], options: { readonly json?: boolean }) => {
      reportingMistakes(options, () => {
        const results = (given.length > 0 ? given : builtInTests()).map(runFile)
        print({ files: results }, () => describe(results), options)
        if (results.some(({ tests }) => tests.some(({ failure }) => failure !== null))) process.exitCode = 1
      })
    })
}

function builtInTests(): readonly string[] {
  const files = readdirSync(BUILT_IN_FOLDER).filter((name) => name.endsWith(TEST_ENDING))
  return files.sort().map((name) => join(BUILT_IN_FOLDER, name))
}

function runFile(path: string): FileResult {
  const folder = dirname(path)
  const files = readTests(readSource(path), (name) => {
    const beside = join(folder, `${name}${TEST_ENDING}`)
    return existsSync(beside) ? readSource(beside) : undefined
  })
  const compilation = compileForTools(withUsed([], folder, contractsUsedBy(files)))
  return { file: path, tests: runTests(files, compilation) }
}

function describe(results: readonly FileResult[]): readonly string[] {
  const tests = results.flatMap((result) => result.tests)
  const failures = tests.flatMap(({ failure }) => (failure === null ? [] : [failure]))
  const lines = results
    .filter((result) => result.tests.length > 0)
    .flatMap(({ file, tests: own }) => [
      basename(file, TEST_ENDING),
      ...own.map(({ title, failure }) => `  ${failure === null ? 'ok    ' : 'FAILED'}  ${title}`),
    ])
  const summary = `${counted(tests.length - failures.length, 'test')} passed, ${failures.length} failed`
  return [...lines, ...failures.flatMap((failure) => ['', formatDiagnostic(failure)]), '', summary]
}
