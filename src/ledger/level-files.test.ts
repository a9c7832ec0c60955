import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'
import { readLog, readTable } from './level-files.ts'
import { openLevelStore } from './level-store.ts'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assent-files-'))
  // Twice: opening moves what the log holds into a table.
  for (const round of [1, 2]) {
    const store = await openLevelStore(folder)
    for (let i = 0; i < 300; i++) {
      const value = new Uint8Array(i % 2 === 0 ? 400 : 40).map((_, at) => (i % 3 === 0 ? at * i : 7))
      await store.write([{ type: 'put', key: Uint8Array.of(round, i >> 8, i), value }], { sync: false })
    }
    await store.close()
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

const filesOf = (pattern: RegExp): Uint8Array[] =>
  readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => readFileSync(join(folder, name)))

/** Every byte of the file, or some hundred spread over a long one, changed in one bit. */
function* changes(file: Uint8Array): Generator<[at: number, changed: Uint8Array]> {
  const step = Math.max(1, Math.floor(file.length / 300))
  for (let at = 0; at < file.length; at += at > file.length - 120 ? 1 : step) {
    const changed = Uint8Array.from(file)
    changed[at] = (changed[at] as number) ^ (1 << (at % 8))
    yield [at, changed]
  }
}

test('crc32c() gives the value of RFC 3720 for 32 zero bytes and for "123456789"', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
})

describe('readTable()', () => {
  test('finds nothing in a table as LevelDB wrote it', () => {
    const files = filesOf(/\.ldb$/)
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) expect(readTable(file).faults[0]).toBe(undefined)
  })

  test('finds any changed byte', () => {
    for (const file of filesOf(/\.ldb$/)) {
      for (const [at, changed] of changes(file)) expect(readTable(changed).faults[0], `byte ${at}`).toBeDefined()
    }
  })
})

describe('readLog()', () => {
  const logs = (): [Uint8Array, boolean][] => [
    ...filesOf(/\.log$/).map((file): [Uint8Array, boolean] => [file, true]),
    ...filesOf(/^MANIFEST/).map((file): [Uint8Array, boolean] => [file, false]),
  ]

  test('finds nothing in a log as LevelDB wrote it, nor where a crash cut it off', () => {
    for (const [file, holdsKeys] of logs()) {
      expect(file.length).toBeGreaterThan(50)
      for (const length of [file.length, file.length - 1, file.length - 40, Math.floor(file.length / 2)]) {
        expect(readLog(file.subarray(0, length), { holdsBatches: holdsKeys }).faults[0], `${length} bytes`).toBe(
          undefined,
        )
      }
    }
  })

  test('finds any changed byte, and names keys near it', () => {
    for (const [file, holdsKeys] of logs()) {
      for (const [at, changed] of changes(file)) {
        const fault = readLog(changed, { holdsBatches: holdsKeys }).faults[0]
        expect(fault, `byte ${at} of ${file.length}`).toBeDefined()
        if (holdsKeys && at > 500) expect(fault?.keys.length, `byte ${at}`).toBeGreaterThan(0)
      }
    }
  })
})
