import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSlottedFile, openSlottedFile } from './slotted-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assent-sign-state-'))
  path = join(folder, 'sign-state')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const openOrCreate = async () => (await openSlottedFile(path)) ?? (await createSlottedFile(path))
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const reopened = async (): Promise<Uint8Array | undefined> => {
  const file = await openOrCreate()
  await file.close()
  return file.content
}
const write = async (...contents: Uint8Array[]): Promise<void> => {
  const file = await openOrCreate()
  for (const content of contents) await file.write(content)
  await file.close()
}

describe('openSlottedFile()', () => {
  test('a new file is readable by its owner alone and holds nothing', async () => {
    expect(await reopened()).toBe(undefined)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await reopened()).toBe(undefined)
  })

  test('what was written last is what is read, over any number of writes', async () => {
    for (let i = 0; i < 5; i++) {
      await write(bytes(i), bytes(i, i))
      expect(await reopened()).toEqual(bytes(i, i))
    }
    await write(bytes(7))
    expect(await reopened()).toEqual(bytes(7))
  })

  test('it stays the same file of the system, however often it is written', async () => {
    await write(bytes(1))
    const { ino, birthtimeNs } = statSync(path, { bigint: true })
    await write(bytes(2), bytes(3))
    expect(statSync(path, { bigint: true })).toMatchObject({ ino, birthtimeNs })
  })

  test('a write that was torn anywhere leaves the one before it', async () => {
    await write(bytes(1, 1), bytes(2, 2))
    const before = readFileSync(path)
    await write(bytes(3, 3, 3, 3, 3))
    const after = readFileSync(path)
    const changed = [...after.keys()].filter((at) => after[at] !== before[at])
    for (const kept of changed.slice(0, -1)) {
      const torn = Buffer.from(after)
      for (const at of changed) if (at > kept) torn[at] = before[at] ?? 0
      writeFileSync(path, torn)
      expect(await reopened(), `torn behind byte ${kept}`).toEqual(bytes(2, 2))
    }
  })

  test('a file in which neither slot is whole is refused', async () => {
    await write(bytes(1), bytes(2))
    writeFileSync(path, Buffer.alloc(16_384, 0x55))
    await expect(openSlottedFile(path)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    rmSync(path)
    await write(bytes(1))
    truncateSync(path, 30)
    await expect(openSlottedFile(path)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  })

  test('a changed byte is never read as content', async () => {
    await write(bytes(1, 2, 3))
    const whole = readFileSync(path)
    const start = 8_192
    for (let at = start; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] as number) ^ 0x10
      writeFileSync(path, changed)
      await expect(openSlottedFile(path), `byte ${at}`).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    }
  })
})
