import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeFolder } from './make-folder.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'assent-folder-'))
})
afterEach(() => rmSync(home, { recursive: true }))

describe('makeFolder()', () => {
  it('makes all that is missing, for the owner alone, and leaves what is there', () => {
    const folder = join(home, 'a', 'b')
    makeFolder(folder)
    makeFolder(folder)
    if (process.platform !== 'win32') expect(statSync(join(home, 'a')).mode & 0o777).toBe(0o700)
    expect(statSync(folder).isDirectory()).toBe(true)
  })

  it('says so where a file stands in the way', () => {
    writeFileSync(join(home, 'file'), '')
    for (const folder of ['file', 'file/below']) {
      expect(() => makeFolder(join(home, folder))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }))
    }
  })

  it.runIf(process.platform === 'linux')('comes to an end where no folder can be made', () => {
    expect(() => makeFolder('/proc/assent/data')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })
})
