import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { play } from './script.ts'

const folder = join(import.meta.dirname, '..', 'scripts')
const isRewrite = process.env.SCRIPTS === 'rewrite'

describe('scenario scripts', () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
    it(name.replace('.txt', '').replaceAll('-', ' '), () => {
      const file = join(folder, name)
      const expected = readFileSync(file, 'utf8')
      const played = play(expected)
      if (isRewrite) writeFileSync(file, played)
      else expect(played).toBe(expected)
    })
  }

  it('are at least 25', () => {
    expect(readdirSync(folder).length).toBeGreaterThanOrEqual(25)
  })
})

describe('play()', () => {
  it('gives one trace for one script', () => {
    const script = 'group 4\n\nwait 3000\n\nsubmit 3\n\nwait 100\n\nshow\n'
    expect(play(script)).toBe(play(script))
  })

  it('names the command that cannot be', () => {
    expect(() => play('group 3\n\nfly 1\n')).toThrow('fly 1: no such command')
    expect(() => play('wait 3\n')).toThrow('a script begins with')
    expect(() => play('group 3\n\nwait soon\n')).toThrow('wait soon: expected a whole number')
  })
})
