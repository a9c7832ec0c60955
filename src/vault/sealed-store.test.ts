import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryLevel } from 'memory-level'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Hash, IdentityId } from '../types/brand.ts'
import { ConsentBodies } from './consent-bodies.ts'
import { createDatabase, type Database } from './database.ts'
import { VaultError } from './errors.ts'
import { RECORD_BYTES_MAX } from './limits.ts'
import { RecordVault } from './records.ts'
import { SealedStore } from './sealed-store.ts'
import type { KeySecret } from './wrapping-key.ts'

const id = (digit: string): IdentityId => digit.repeat(64) as IdentityId
const OWNER = { chainId: 'a'.repeat(64) as Hash, custodian: id('b') }
const PATIENT = id('1')
const OTHER_PATIENT = id('2')
const KEY: KeySecret = { kind: 'key', key: new Uint8Array(32).fill(7) }
const NEW_KEY: KeySecret = { kind: 'key', key: new Uint8Array(32).fill(8) }
const BYTES = new TextEncoder().encode('{"resourceType":"Patient","name":"Plaintext-Marker"}')

const memory = (): Database =>
  new MemoryLevel<string, Uint8Array>({ keyEncoding: 'utf8', valueEncoding: 'view' }) as Database

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => null,
    (error: unknown) => (error instanceof VaultError ? error.code : error),
  )

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assent-vault-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** The real database and its twin must behave alike. */
const databases: readonly (readonly [string, () => Database])[] = [
  ['a folder', () => createDatabase(join(folder, 'vault'))],
  ['memory', memory],
]

describe.each(databases)('a vault in %s', (_, create) => {
  const open = async (): Promise<{ database: Database; store: SealedStore; vault: RecordVault }> => {
    const database = create()
    const store = await SealedStore.open(database, { owner: OWNER, secret: KEY })
    return { database, store, vault: new RecordVault(store) }
  }

  test('gives back a record byte for byte', async () => {
    const { store, vault } = await open()
    const [stored] = await vault.put(PATIENT, [{ bytes: BYTES, version: 3 }])
    if (stored === undefined) throw new Error('not stored')
    expect(stored).toMatchObject({ patient: PATIENT, custodian: OWNER.custodian, version: 3 })
    expect(await vault.read(stored.recordId)).toEqual({ ...stored, bytes: BYTES })
    await store.close()
  })

  test('gives every record an id, a key and a ciphertext of its own', async () => {
    const { store, vault } = await open()
    const stored = await vault.put(PATIENT, [{ bytes: BYTES }, { bytes: BYTES }])
    const unwrapped = await Promise.all(stored.map(({ recordId }) => vault.unwrap(recordId)))
    expect(new Set(unwrapped.map(({ key }) => key.toHex())).size).toBe(2)
    expect(new Set(stored.map(({ ciphertextHash }) => ciphertextHash)).size).toBe(2)
    await store.close()
  })

  test('lists the records of one patient in order, page by page', async () => {
    const { store, vault } = await open()
    const stored = await vault.put(PATIENT, Array(300).fill({ bytes: BYTES }))
    await vault.put(OTHER_PATIENT, [{ bytes: BYTES }])
    const ids = stored.map(({ recordId }) => recordId).sort()
    const first = await vault.list(PATIENT, { limit: 200 })
    const rest = await vault.list(PATIENT, { after: first.at(-1)?.recordId ?? null, limit: 200 })
    expect([...first, ...rest].map(({ recordId }) => recordId)).toEqual(ids)
    expect(await vault.list(OTHER_PATIENT)).toHaveLength(1)
    expect(await vault.list(id('3'))).toEqual([])
    await store.close()
  })

  test('destroys everything of one patient, and nothing of another', async () => {
    const { database, store, vault } = await open()
    const gone = await vault.put(PATIENT, Array(300).fill({ bytes: BYTES }))
    const [kept] = await vault.put(OTHER_PATIENT, [{ bytes: BYTES }])
    expect(await vault.eraseOf(PATIENT)).toBe(300)
    expect(await vault.eraseOf(PATIENT)).toBe(0)
    expect(await codeOf(vault.read(gone[0]?.recordId as IdentityId))).toBe('UNKNOWN_RECORD')
    expect(await vault.list(PATIENT)).toEqual([])
    expect(await vault.list(OTHER_PATIENT)).toEqual([kept])
    expect(await Array.fromAsync(database.keys({ gt: '', lt: '~' }))).toHaveLength(4)
    await store.close()
  })

  test('moves to a new wrapping key: every record opens, the old key no longer does', async () => {
    const { database, store, vault } = await open()
    const stored = await vault.put(PATIENT, Array(5).fill({ bytes: BYTES }))
    await store.rewrap(NEW_KEY)
    expect((await vault.read(stored[1]?.recordId as IdentityId)).bytes).toEqual(BYTES)
    await store.close()
    expect(await codeOf(SealedStore.open(database, { owner: OWNER, secret: KEY }))).toBe('WRONG_KEY')
    const reopened = await SealedStore.open(database, { owner: OWNER, secret: NEW_KEY })
    expect(await reopened.read(stored[4]?.recordId as IdentityId)).toEqual(BYTES)
    await reopened.close()
  })

  test('opens for its own chain and custodian only', async () => {
    const { database, store } = await open()
    await store.close()
    const other = (change: object) => SealedStore.open(database, { owner: { ...OWNER, ...change }, secret: KEY })
    expect(await codeOf(other({ chainId: 'c'.repeat(64) }))).toBe('OTHER_CHAIN')
    expect(await codeOf(other({ custodian: id('c') }))).toBe('OTHER_CUSTODIAN')
  })

  test('refuses a record that is too large', async () => {
    const { store, vault } = await open()
    const bytes = new Uint8Array(RECORD_BYTES_MAX + 1)
    expect(await codeOf(vault.put(PATIENT, [{ bytes }]))).toBe('RECORD_TOO_LARGE')
    await store.close()
  })
})

describe('a stored record that was altered', () => {
  const rowOf = (recordId: string) => ({ entry: `entry/${recordId}`, body: `body/${recordId}` })

  async function twoRecords() {
    const database = memory()
    const store = await SealedStore.open(database, { owner: OWNER, secret: KEY })
    const vault = new RecordVault(store)
    const [first] = await vault.put(PATIENT, [{ bytes: BYTES }])
    const [second] = await vault.put(OTHER_PATIENT, [{ bytes: BYTES }])
    if (first === undefined || second === undefined) throw new Error('not stored')
    return { database, vault, first: first.recordId, second: second.recordId }
  }

  async function flipped(database: Database, key: string, at: (length: number) => number): Promise<void> {
    const value = (await database.get(key))?.slice()
    if (value === undefined) throw new Error(`no row ${key}`)
    const offset = at(value.length)
    value[offset] = (value[offset] ?? 0) ^ 1
    await database.batch([{ type: 'put', key, value }], { sync: true })
  }

  test('is refused whichever byte of its body was altered', async () => {
    const { database, vault, first } = await twoRecords()
    const { body } = rowOf(first)
    const { length } = (await database.get(body)) as Uint8Array
    for (let offset = 0; offset < length; offset++) {
      await flipped(database, body, () => offset)
      expect(await codeOf(vault.read(first))).toBe('TAMPERED')
      await flipped(database, body, () => offset)
    }
    expect((await vault.read(first)).bytes).toEqual(BYTES)
  })

  test('is refused whichever byte of its row was altered', async () => {
    const { database, vault, first } = await twoRecords()
    const { entry } = rowOf(first)
    const { length } = (await database.get(entry)) as Uint8Array
    for (let offset = 0; offset < length; offset++) {
      await flipped(database, entry, () => offset)
      expect(await codeOf(vault.read(first))).toBe('TAMPERED')
      await flipped(database, entry, () => offset)
    }
  })

  test('is refused with the row and body of another record', async () => {
    const { database, vault, first, second } = await twoRecords()
    for (const part of ['entry', 'body'] as const) {
      const value = (await database.get(rowOf(second)[part])) as Uint8Array
      await database.batch([{ type: 'put', key: rowOf(first)[part], value }], { sync: true })
    }
    expect(await codeOf(vault.read(first))).toBe('TAMPERED')
  })

  test('is refused without its body', async () => {
    const { database, vault, first } = await twoRecords()
    await database.batch([{ type: 'del', key: rowOf(first).body }], { sync: true })
    expect(await codeOf(vault.read(first))).toBe('TAMPERED')
  })
})

describe('a vault folder', () => {
  const filesOf = async (): Promise<Buffer> =>
    Buffer.concat(await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file)))))
  const openFolder = (secret: KeySecret) => SealedStore.open(createDatabase(folder), { owner: OWNER, secret })

  test('holds neither plaintext nor keys, and nothing at all of what was erased', async () => {
    const store = await openFolder(KEY)
    const vault = new RecordVault(store)
    const [gone] = await vault.put(PATIENT, [{ bytes: BYTES }])
    const [kept] = await vault.put(OTHER_PATIENT, [{ bytes: BYTES }])
    if (gone === undefined || kept === undefined) throw new Error('not stored')
    const erased = await vault.unwrap(gone.recordId)
    const { ciphertext, key } = await vault.unwrap(kept.recordId)
    expect((await filesOf()).includes(erased.ciphertext)).toBe(true)
    await vault.eraseOf(PATIENT)
    await store.close()

    const files = await filesOf()
    const own = ['Plaintext-Marker', key, KEY.kind === 'key' ? KEY.key : '']
    const hidden = [...own, erased.ciphertext, erased.key]
    expect(hidden.filter((secret) => files.includes(secret))).toEqual([])
    expect(files.includes(ciphertext)).toBe(true)
  })

  test('keeps no key wrapped by the old wrapping key after a rotation', async () => {
    const store = await openFolder(KEY)
    const stored = await new RecordVault(store).put(PATIENT, Array(20).fill({ bytes: BYTES }))
    await store.close()
    const database = createDatabase(folder)
    await database.open()
    const rows = await Promise.all(stored.map(({ recordId }) => database.get(`entry/${recordId}`)))
    await database.close()
    // The last field is the hash, 49 bytes with its name; before it stand the 72 bytes of the wrapped key.
    const wrapped = rows.map((row) => (row as Uint8Array).slice(-49 - 72, -49))
    // LevelDB's log cuts what crosses the end of one of its blocks: not every key has to stand there in one piece.
    const before = await filesOf()
    const seen = wrapped.filter((key) => before.includes(key))
    expect(seen.length).toBeGreaterThan(15)

    const rotated = await openFolder(KEY)
    await rotated.rewrap(NEW_KEY)
    await rotated.close()
    const after = await filesOf()
    expect(seen.filter((key) => after.includes(key))).toEqual([])
  })

  test('is opened by one process at a time', async () => {
    const store = await SealedStore.open(createDatabase(folder), { owner: OWNER, secret: KEY })
    const second = SealedStore.open(createDatabase(folder), { owner: OWNER, secret: KEY })
    expect(await codeOf(second)).toBe('FOLDER')
    await expect(second).rejects.toThrow('in use by another process')
    await store.close()
  })

  test('that holds something else is left alone', async () => {
    const database = memory()
    await database.open()
    await database.batch([{ type: 'put', key: 'block/1', value: Uint8Array.of(1) }], { sync: true })
    expect(await codeOf(SealedStore.open(database, { owner: OWNER, secret: KEY }))).toBe('NOT_A_VAULT')
  })

  test('whose header is damaged is no vault', async () => {
    const database = memory()
    await database.open()
    await database.batch([{ type: 'put', key: 'header', value: Uint8Array.of(1, 2, 3) }], { sync: true })
    expect(await codeOf(SealedStore.open(database, { owner: OWNER, secret: KEY }))).toBe('NOT_A_VAULT')
  })

  test('locked with a passphrase opens with it alone', async () => {
    const database = memory()
    const secret: KeySecret = { kind: 'passphrase', passphrase: 'a passphrase of some length' }
    await (await SealedStore.open(database, { owner: OWNER, secret })).close()
    await (await SealedStore.open(database, { owner: OWNER, secret })).close()
    const wrong: KeySecret = { kind: 'passphrase', passphrase: 'a passphrase of same length' }
    expect(await codeOf(SealedStore.open(database, { owner: OWNER, secret: wrong }))).toBe('WRONG_KEY')
    expect(await codeOf(SealedStore.open(database, { owner: OWNER, secret: KEY }))).toBe('WRONG_KEY')
  })
})

describe('bodies of consents', () => {
  test('are kept per version, with their salts, and can be destroyed', async () => {
    const store = await SealedStore.open(memory(), { owner: OWNER, secret: KEY })
    const bodies = new ConsentBodies(store)
    const [first, second, unknown] = [id('5'), id('6'), id('7')] as string[] as [Hash, Hash, Hash]
    const salts = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] as const
    await bodies.put(PATIENT, [{ commitment: first, bytes: BYTES, salt: salts[0] }])
    await bodies.put(PATIENT, [{ commitment: second, bytes: BYTES, salt: salts[1] }])
    expect(await bodies.read(second)).toEqual({ bytes: BYTES, salt: salts[1] })
    const again = bodies.put(PATIENT, [{ commitment: second, bytes: BYTES, salt: salts[0] }])
    expect(await codeOf(again)).toBe('RECORD_EXISTS')
    await bodies.eraseOf(PATIENT)
    expect(await codeOf(bodies.read(first))).toBe('UNKNOWN_RECORD')
    expect(await codeOf(bodies.read(unknown))).toBe('UNKNOWN_RECORD')
  })
})
