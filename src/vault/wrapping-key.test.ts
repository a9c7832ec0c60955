import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { VaultError } from './errors.ts'
import { type KeySource, readKeySecret } from './wrapping-key.ts'

const HEX = '0123456789abcdef'.repeat(4)
const KEY = { kind: 'key', key: Uint8Array.fromHex(HEX) }
const VARIABLE = 'ASSENT_TEST_WRAPPING_KEY'

let folder: string
let dataFolder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assent-key-'))
  dataFolder = join(folder, 'data')
  await mkdir(dataFolder)
})
afterEach(async () => {
  delete process.env[VARIABLE]
  await rm(folder, { recursive: true })
})

const read = (source: KeySource) => readKeySecret(source, { dataFolder })
const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => null,
    (error: unknown) => (error instanceof VaultError ? error.code : error),
  )

async function keyFile(text: string, { name = 'key', mode = 0o600 } = {}): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}

describe('readKeySecret()', () => {
  test('takes 32 given bytes, and no other number', async () => {
    expect(await read({ kind: 'bytes', key: KEY.key })).toEqual(KEY)
    expect(await codeOf(read({ kind: 'bytes', key: KEY.key.slice(1) }))).toBe('KEY_SOURCE')
  })

  test('takes 64 hex digits for the key and other text for a passphrase', async () => {
    process.env[VARIABLE] = `${HEX}\n`
    expect(await read({ kind: 'environment', variable: VARIABLE })).toEqual(KEY)
    process.env[VARIABLE] = 'correct horse battery'
    const passphrase = { kind: 'passphrase', passphrase: 'correct horse battery' }
    expect(await read({ kind: 'environment', variable: VARIABLE })).toEqual(passphrase)
  })

  test('refuses an unset variable and a passphrase that is easily found', async () => {
    expect(await codeOf(read({ kind: 'environment', variable: VARIABLE }))).toBe('KEY_SOURCE')
    process.env[VARIABLE] = 'hunter2'
    const attempt = read({ kind: 'environment', variable: VARIABLE })
    await expect(attempt).rejects.toThrow('at least 12 characters')
    await expect(attempt).rejects.not.toThrow('hunter2')
  })

  test('reads a file of its owner', async () => {
    expect(await read({ kind: 'file', path: await keyFile(HEX) })).toEqual(KEY)
  })

  test.runIf(process.platform !== 'win32')('refuses a file that every user of the machine may read', async () => {
    const path = await keyFile(HEX, { mode: 0o644 })
    await expect(read({ kind: 'file', path })).rejects.toThrow('expected mode 600')
  })

  test('refuses a file in the data folder, also behind a link', async () => {
    const inside = await keyFile(HEX, { name: 'data/key' })
    expect(await codeOf(read({ kind: 'file', path: inside }))).toBe('KEY_IN_DATA_FOLDER')
    const link = join(folder, 'link')
    await symlink(inside, link)
    expect(await codeOf(read({ kind: 'file', path: link }))).toBe('KEY_IN_DATA_FOLDER')
  })

  test('refuses a file that is not there or too large', async () => {
    expect(await codeOf(read({ kind: 'file', path: join(folder, 'none') }))).toBe('KEY_SOURCE')
    expect(await codeOf(read({ kind: 'file', path: await keyFile('x'.repeat(5000)) }))).toBe('KEY_SOURCE')
  })

  test('asks an external command, without a shell', async () => {
    const args = ['-e', 'process.stdout.write(process.argv[1])', HEX]
    expect(await read({ kind: 'command', command: process.execPath, args })).toEqual(KEY)
  })

  test('says that a command failed, and nothing of what it wrote', async () => {
    const args = ['-e', 'console.error("secret-output"); process.exit(3)']
    const attempt = read({ kind: 'command', command: process.execPath, args })
    await expect(attempt).rejects.toThrow('failed (3)')
    const error = await attempt.catch((cause: unknown) => cause)
    expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain('secret-output')
    expect(await codeOf(read({ kind: 'command', command: join(folder, 'none'), args: [] }))).toBe('KEY_SOURCE')
  })
})
