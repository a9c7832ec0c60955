// spec/clause-tutorial.md does what it says: its contracts compile and are formatted, its mistake is reported as shown, its
// tests pass, its filter answers.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { argumentsFromJson } from './abi.ts'
import { contractSet, executeCall, runFilter } from './execute.ts'
import { compile, compileForTools } from './lang/compile.ts'
import { CompileError } from './lang/diagnostics.ts'
import { formatText } from './lang/format.ts'
import { MemoryState } from './memory-state.ts'
import { readTests, runTests } from './run-tests.ts'

const page = readFileSync(new URL('../../spec/clause-tutorial.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/```(clause|clause mistake)?\n([\s\S]*?)```/g)].map(([, kind = '', text = '']) => ({
  kind,
  text,
}))
const contracts = blocks.filter(({ kind }) => kind === 'clause').map(({ text }) => text)
const source = (start: string) => contracts.find((text) => text.startsWith(start)) as string
const visits = { name: 'visits.clause', text: source('contract visits') }

test.each(contracts)('what it shows is formatted: %.20s', (text) => {
  expect(formatText(text)).toBe(text)
})

test('its tests pass', () => {
  const files = readTests({ name: 'visits.test.clause', text: source('tests uses visits') }, () => undefined)
  const results = runTests(files, compileForTools([visits]))
  expect(results.map(({ failure }) => failure)).toEqual([null, null, null])
})

test('its mistake is reported as it says', () => {
  const at = blocks.findIndex(({ kind }) => kind === 'clause mistake')
  const { text } = blocks[at] as { text: string }
  const compiling = () => compile([{ name: 'visits.clause', text }])
  expect(compiling).toThrow(CompileError)
  expect(compiling).toThrow(blocks[at + 1]?.text.trimEnd() as string)
})

test('its filter answers as it says', () => {
  const set = contractSet(compileForTools([{ name: 'news.clause', text: source('contract news') }]).loaded)
  const state = new MemoryState()
  const id = '00'.repeat(32) as never
  const context = { sender: id, transactionId: id, callIndex: 0, timeMs: 0, height: 0, epoch: 0, genesis: true }
  const establish = { contract: 'news', method: 'establish', args: [] }
  expect(executeCall(set, establish, { context, state, gasLimit: 1_000_000 }).status).toBe('ok')
  const shown = JSON.parse(page.match(/--args '(\{[\s\S]*?\})'/)?.[1] as string)
  const answer = (keptBack: readonly string[]) => {
    const args = argumentsFromJson(set.abi('news') as never, 'mayHear', { ...shown, keptBack })
    return runFilter(set, { contract: 'news', method: 'mayHear', args }, { state })
  }
  expect(answer(shown.keptBack)).toMatchObject({ status: 'ok', value: false })
  expect(answer(['food'])).toMatchObject({ status: 'ok', value: true })
})
