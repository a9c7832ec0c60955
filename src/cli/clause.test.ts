// assent clause: what people see of each command.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { run } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'assent-clause-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  process.exitCode = 0
})

const VISITS = `contract visits version 1

refusal FULL "There are 100 visits a day."

state visits: map<(day: int, visitor: id), bool>

// A visitor comes once a day.
action visit(day: int) {
  visits[day, sender] = true
}

view came(day: int, visitor: id) returns bool {
  return visits[day, visitor] is some
}
`

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

async function clause(...args: string[]) {
  let output = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text
    return true
  })
  try {
    const code = await run(['clause', ...args])
    return { code, output }
  } finally {
    spy.mockRestore()
  }
}

describe('assent clause', () => {
  test('check lists entries with what they cost at most', async () => {
    const { code, output } = await clause('check', file('visits.clause', VISITS))
    expect(code).toBe(0)
    expect(output).toMatch(/^visits +action +visit +\d+$/m)
  })

  test('check shows the line, the place and what to do, and exits with 2', async () => {
    const path = file('broken.clause', VISITS.replace('= true', '= ture'))
    const { code, output } = await clause('check', path)
    expect(code).toBe(2)
    expect(output).toContain(`${path}:9:25: there is nothing called "ture" here\n`)
    expect(output).toContain('9 |   visits[day, sender] = ture\n  |                         ^^^^\n')
    const json = JSON.parse((await clause('check', path, '--json')).output)
    expect(json.diagnostics[0]).toMatchObject({ line: 9, column: 25, length: 4 })
  })

  test('build writes a module that disassemble reads, and its interface', async () => {
    const out = join(folder, 'visits.module')
    expect((await clause('build', file('visits.clause', VISITS), '--out', out)).code).toBe(0)
    expect(JSON.parse(readFileSync(`${out}.json`, 'utf8'))).toMatchObject({
      contract: 'visits',
      entries: [{ name: 'visit' }, { name: 'came' }],
    })
    expect((await clause('disassemble', out)).output).toMatch(/contract visits version 1[\s\S]+PUT {14}visits/)
    writeFileSync(out, 'no module')
    expect((await clause('disassemble', out)).code).toBe(2)
  })

  test('run keeps the state from call to call', async () => {
    const path = file('visits.clause', VISITS)
    const state = join(folder, 'state.json')
    const sender = 'ab'.repeat(32)
    await clause('run', path, 'visit', '--args', '{"day": 7}', '--sender', sender, '--save-state', state)
    expect(JSON.parse(readFileSync(state, 'utf8'))).toEqual({
      visits: { visits: [{ key: { day: 7, visitor: sender }, value: true }] },
    })
    const came = async (day: number) => {
      const args = JSON.stringify({ day, visitor: sender })
      return JSON.parse((await clause('run', path, 'came', '--state', state, '--args', args, '--json')).output)
    }
    expect(await came(7)).toMatchObject({ status: 'ok', value: true })
    expect(await came(8)).toMatchObject({ status: 'ok', value: false })
  })

  test('run says what is wrong with an argument, and what a refusal means', async () => {
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect((await clause('run', 'policy', 'covers', '--args', '{"granted": 1, "asked": "A"}')).code).toBe(2)
    expect(err.mock.calls.join()).toContain('granted: expected 1 to 64 of the characters')
    err.mockRestore()
    const refused = await clause('run', 'policy', 'covers', '--args', '{"granted": "TREAT", "asked": "A"}')
    expect(refused).toEqual({
      code: 1,
      output: 'refused: UNKNOWN_CODE about code\nThis code is not in the vocabulary, or was withdrawn.\n',
    })
  })

  test('explain says it in sentences', async () => {
    const { output } = await clause('explain', file('visits.clause', VISITS), 'visit')
    expect(output).toContain('visits.visit (action)\n  A visitor comes once a day.\n  Takes day: int.\n')
    expect(output).toContain('1. Write visits[day, sender]: true.')
    expect(output).toMatch(/Gas: at most \d+\./)
    expect((await clause('explain', 'consent', 'revoke')).output).toContain(
      'It must be that head.status is active. Otherwise refused with CONSENT_ENDED (about consent): "The consent was revoked or voided."\n',
    )
  })

  test('fmt writes files in the one way, or says that they are not', async () => {
    const path = file('ugly.clause', VISITS.replace('(day: int) {', '( day:int ){'))
    expect(await clause('fmt', '--check', path)).toEqual({ code: 1, output: `${path}: is not formatted\n` })
    process.exitCode = 0
    expect((await clause('fmt', path)).code).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(VISITS)
    expect((await clause('fmt', '--check', path)).code).toBe(0)
  })

  test('test runs a file beside its contract, and fails with it', async () => {
    file('visits.clause', VISITS)
    const steps = '  let me = asId(hash("me"))\n  as me\n  visits.visit(1)\n'
    const path = file(
      'visits.test.clause',
      `tests uses visits\n\ntest "a visit" {\n${steps}  expect visits.came(1, me)\n}\n`,
    )
    expect(await clause('test', path)).toEqual({
      code: 0,
      output: 'visits\n  ok      a visit\n\n1 test passed, 0 failed\n',
    })
    const wrong = file(
      'wrong.test.clause',
      `tests uses visits\n\ntest "no" {\n${steps}  expect visits.came(2, me)\n}\n`,
    )
    const failed = await clause('test', wrong)
    expect(failed.code).toBe(1)
    expect(failed.output).toContain(`${wrong}:7:3: this does not hold`)
  })
})
