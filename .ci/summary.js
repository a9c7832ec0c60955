// Counts tests and scenario checks; the exit code says whether all of them held.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [, , testsExit, scenarioExit, folder] = process.argv

const read = (name) => {
  const file = join(folder, name)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
}

const tests = read('tests.json')
const scenario = read('scenario.json')
const held = scenario?.checks.filter(({ ok }) => ok).length ?? 0
const broken = (scenario?.checks.length ?? 0) - held
const passed = (tests?.numPassedTests ?? 0) + held
let failed = (tests?.numFailedTests ?? 0) + broken

// A step that ended badly without naming a failed test (format, lint, types, a crash) counts as one.
if (testsExit !== '0' && !tests?.numFailedTests) failed++
if (scenarioExit !== '0' && broken === 0) failed++
if (passed === 0) failed++

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
