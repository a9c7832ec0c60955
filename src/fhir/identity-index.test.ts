import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import type { IdentityId } from '../types/brand.ts'
import { FhirError } from './errors.ts'
import { IdentityIndex } from './identity-index.ts'
import { createKeyValue, type KeyValue } from './key-value.ts'

const KEY = new Uint8Array(32).fill(1)
const OTHER_KEY = new Uint8Array(32).fill(2)
const SYSTEM = 'http://hospital.example/mrn'
const MRN = { system: SYSTEM, value: 'MRN-77001' }

const storage = (): KeyValue =>
  new MemoryLevel<string, Uint8Array>({ keyEncoding: 'utf8', valueEncoding: 'view' }) as KeyValue

async function rows(of: KeyValue): Promise<[string, Uint8Array][]> {
  return Array.fromAsync(of.iterator({ gt: '', lt: '~' }))
}

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => null,
    (error: unknown) => (error instanceof FhirError ? error.code : error),
  )

describe('an identity index', () => {
  test('makes one random id for an identifier, and finds it again', async () => {
    const index = await IdentityIndex.open(storage(), KEY)
    expect(await index.find(MRN)).toBeNull()
    const { id, created } = await index.enroll(MRN)
    expect(created).toBe(true)
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(await index.find(MRN)).toBe(id)
    expect(await index.enroll(MRN)).toEqual({ id, created: false })
  })

  test('tells identifiers of different systems apart', async () => {
    const index = await IdentityIndex.open(storage(), KEY)
    const { id } = await index.enroll(MRN)
    const other = await index.enroll({ ...MRN, system: 'http://clinic.example/mrn' })
    expect(other.id).not.toBe(id)
  })

  test('makes one id when two ask at once', async () => {
    const index = await IdentityIndex.open(storage(), KEY)
    const answers = await Promise.all([index.enroll(MRN), index.enroll(MRN), index.enroll(MRN)])
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(answers.filter(({ created }) => created)).toHaveLength(1)
  })

  test('takes an id that was made elsewhere, and refuses a second one', async () => {
    const index = await IdentityIndex.open(storage(), KEY)
    const id = 'ab'.repeat(32) as IdentityId
    await index.enter(MRN, id)
    await index.enter(MRN, id)
    expect(await index.find(MRN)).toBe(id)
    expect(await codeOf(index.enter(MRN, 'cd'.repeat(32) as IdentityId))).toBe('IDENTIFIER_TAKEN')
  })

  test('forgets every identifier of an id, and of nobody else', async () => {
    const kept = storage()
    const index = await IdentityIndex.open(kept, KEY)
    const { id } = await index.enroll(MRN)
    await index.enter({ ...MRN, system: 'http://clinic.example/mrn' }, id)
    const other = { system: SYSTEM, value: 'MRN-77002' }
    await index.enroll(other)
    expect(await index.forget(id)).toBe(2)
    expect(await index.forget(id)).toBe(0)
    expect(await index.find(MRN)).toBeNull()
    expect(await index.find(other)).not.toBeNull()
    expect(await rows(kept)).toHaveLength(3)
    expect((await index.enroll(MRN)).id).not.toBe(id)
  })

  test('shows neither identifier nor id in what it stores', async () => {
    const kept = storage()
    const index = await IdentityIndex.open(kept, KEY)
    const { id } = await index.enroll(MRN)
    const stored = (await rows(kept)).map(([key, value]) => key + new TextDecoder('latin1').decode(value)).join()
    const raw = new TextDecoder('latin1').decode(Uint8Array.fromHex(id))
    for (const secret of [MRN.value, MRN.system, id, raw]) expect(stored).not.toContain(secret)
  })

  test('opens with its own key only', async () => {
    const kept = storage()
    await IdentityIndex.open(kept, KEY)
    expect(await codeOf(IdentityIndex.open(kept, OTHER_KEY))).toBe('WRONG_INDEX_KEY')
    expect(await codeOf(IdentityIndex.open(storage(), KEY.slice(1)))).toBe('WRONG_INDEX_KEY')
  })

  test('moves to a new key with all ids unchanged and no old row left', async () => {
    const kept = storage()
    const index = await IdentityIndex.open(kept, KEY)
    const identifiers = Array.from({ length: 5 }, (_, i) => ({ system: SYSTEM, value: `MRN-${i}` }))
    const ids = await Promise.all(identifiers.map(async (each) => (await index.enroll(each)).id))
    const before = await rows(kept)
    await index.rekey(OTHER_KEY)
    expect(await Promise.all(identifiers.map((each) => index.find(each)))).toEqual(ids)
    const after = await rows(kept)
    expect(after).toHaveLength(before.length)
    expect(await index.forget(ids[4] ?? (ids[0] as IdentityId))).toBe(1)
    expect(after.filter(([key]) => key !== 'check' && before.some(([old]) => old === key))).toEqual([])

    await index.close()
    expect(await codeOf(IdentityIndex.open(kept, KEY))).toBe('WRONG_INDEX_KEY')
    const reopened = await IdentityIndex.open(kept, OTHER_KEY)
    expect(await reopened.find(MRN)).toBeNull()
    expect(await reopened.find(identifiers[0] ?? MRN)).toBe(ids[0])
  })

  test('keeps nothing of what was forgotten or moved in its files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'assent-index-'))
    const kept = createKeyValue(folder)
    const index = await IdentityIndex.open(kept, KEY)
    const other = { system: SYSTEM, value: 'MRN-77002' }
    const { id } = await index.enroll(MRN)
    await index.enroll(other)
    const values = (await rows(kept)).filter(([key]) => key.startsWith('row/')).map(([, value]) => value)
    const inFiles = async (): Promise<boolean[]> => {
      const files = Buffer.concat(
        await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file)))),
      )
      return values.map((value) => files.includes(value))
    }
    expect(await inFiles()).toEqual([true, true])
    await index.forget(id)
    expect((await inFiles()).toSorted()).toEqual([false, true])
    await index.rekey(OTHER_KEY)
    expect(await inFiles()).toEqual([false, false])
    expect(await index.find(other)).not.toBeNull()
    await index.close()
    await rm(folder, { recursive: true })
  })

  test('notices a row that was altered or exchanged', async () => {
    const kept = storage()
    const index = await IdentityIndex.open(kept, KEY)
    await index.enroll(MRN)
    await index.enroll({ system: SYSTEM, value: 'MRN-77002' })
    const [first, second] = (await rows(kept)).filter(([key]) => key.startsWith('row/'))
    if (first === undefined || second === undefined) throw new Error('two rows expected')
    const exchanged = [
      { type: 'put', key: first[0], value: second[1] },
      { type: 'put', key: second[0], value: first[1] },
    ] as const
    await kept.batch([...exchanged], { sync: true })
    expect(await codeOf(index.find(MRN))).toBe('INDEX_TAMPERED')
  })
})
