import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLevelStore } from '../ledger/level-store.ts'
import { adoptSnapshot, snapshotFolderIn } from './snapshot-folder.ts'

const KEY = Uint8Array.of(1)
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assent-adopt-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function write(name: string, value: number): Promise<void> {
  const store = await openLevelStore(join(folder, name))
  await store.write([{ type: 'put', key: KEY, value: Uint8Array.of(value) }], { sync: true })
  await store.close()
}
async function inLedger(): Promise<number | undefined> {
  const store = await openLevelStore(join(folder, 'ledger'))
  const value = store.get(KEY)?.[0]
  await store.close()
  return value
}
async function receive(value: number, { whole }: { whole: boolean }): Promise<void> {
  const place = snapshotFolderIn(folder)
  const store = await place.create()
  await store.write([{ type: 'put', key: KEY, value: Uint8Array.of(value) }], { sync: true })
  await store.close()
  if (whole) await place.complete()
}

describe('adoptSnapshot()', () => {
  it('puts a whole snapshot in the place of the ledger, once', async () => {
    await write('ledger', 1)
    await receive(2, { whole: true })
    expect(adoptSnapshot(folder)).toBe(true)
    expect(await inLedger()).toBe(2)
    expect(readdirSync(folder)).toEqual(['ledger'])
    expect(adoptSnapshot(folder)).toBe(false)
    expect(await inLedger()).toBe(2)
  })

  it('clears away an interrupted one and keeps the ledger', async () => {
    await write('ledger', 1)
    await receive(2, { whole: false })
    expect(adoptSnapshot(folder)).toBe(false)
    expect(await inLedger()).toBe(1)
    expect(readdirSync(folder)).toEqual(['ledger'])
  })

  it('keeps the pieces of an interrupted one for the next, until it is whole or given up', async () => {
    const place = snapshotFolderIn(folder)
    const keep = async (): Promise<void> => {
      const pieces = await place.pieces()
      await pieces.write([{ type: 'put', key: KEY, value: Uint8Array.of(7) }], { sync: true })
      await pieces.close()
    }
    const kept = async (): Promise<number | undefined> => {
      const pieces = await place.pieces()
      const value = pieces.get(KEY)?.[0]
      await pieces.close()
      return value
    }
    await write('ledger', 1)
    await keep()
    await receive(2, { whole: false })
    adoptSnapshot(folder)
    expect(await kept()).toBe(7)
    place.forget()
    expect(readdirSync(folder)).toEqual(['ledger'])
    await keep()
    await receive(2, { whole: true })
    adoptSnapshot(folder)
    expect(readdirSync(folder)).toEqual(['ledger'])
  })

  it('begins a second fetch with nothing of the first', async () => {
    await receive(2, { whole: true })
    const store = await snapshotFolderIn(folder).create()
    expect(store.get(KEY)).toBeUndefined()
    await store.close()
    expect(existsSync(join(folder, 'ledger.incoming.complete'))).toBe(false)
  })

  it('goes on where a crash stopped it: between the two renames, and before the rest is cleared away', async () => {
    await write('ledger.replaced', 1)
    await receive(2, { whole: true })
    expect(adoptSnapshot(folder)).toBe(true)
    expect(await inLedger()).toBe(2)
    writeFileSync(join(folder, 'ledger.incoming.complete'), '')
    mkdirSync(join(folder, 'ledger.replaced'))
    adoptSnapshot(folder)
    expect(await inLedger()).toBe(2)
    expect(readdirSync(folder)).toEqual(['ledger'])
  })
})
