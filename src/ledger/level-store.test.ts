import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openLevelStore } from './level-store.ts'
import { testKeyValueStore } from './store-conformance.ts'

const folders: string[] = []
const createFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'assent-store-'))
  folders.push(folder)
  return folder
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

describe('openLevelStore()', () => {
  testKeyValueStore(() => openLevelStore(createFolder()))

  test('a store that is opened again holds what was written', async () => {
    const folder = createFolder()
    const store = await openLevelStore(folder)
    await store.write([{ type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(2) }], { sync: true })
    await store.close()
    const again = await openLevelStore(folder)
    expect(again.get(Uint8Array.of(1))?.toHex()).toBe('02')
    await again.close()
  })

  test('a folder that another store has open is refused with DATA_LOCKED', async () => {
    const folder = createFolder()
    const store = await openLevelStore(folder)
    await expect(openLevelStore(folder)).rejects.toMatchObject({ name: 'LedgerError', code: 'DATA_LOCKED' })
    await store.close()
  })

  // Root may write anywhere.
  test.skipIf(process.getuid?.() === 0)(
    'a folder without write permission is refused with DATA_READ_ONLY',
    async () => {
      const folder = createFolder()
      chmodSync(folder, 0o500)
      await expect(openLevelStore(folder)).rejects.toMatchObject({ code: 'DATA_READ_ONLY' })
      chmodSync(folder, 0o700)
    },
  )

  test('a damaged database is refused with DATA_CORRUPT', async () => {
    const folder = createFolder()
    await (await openLevelStore(folder)).close()
    writeFileSync(join(folder, 'CURRENT'), 'nonsense')
    await expect(openLevelStore(folder)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  })
})
