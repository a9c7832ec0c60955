// Encrypted entries in a folder of their own, outside the chain: each under a random key of its own, that key wrapped by
// the institution's wrapping key. Owns the LevelDB and the wrapping key; knows nothing of FHIR or of the chain.
//
// Rows: header | entry/<id> (patient, version, hash, wrapped key) | body/<id> | patient/<patient>/<id>.

import { CryptoError } from '../crypto/errors.ts'
import { sha256Hex } from '../crypto/hash.ts'
import { decryptRecord, encryptRecord, generateRecordKey, unwrapKey, wrapKey } from '../crypto/record-cipher.ts'
import { asIdentityId, type Hash, type IdentityId } from '../types/brand.ts'
import { fixedBytes, fromBytes, hash, identityId, record, toBytes, uint } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { associatedData } from './associated-data.ts'
import { type Database, type Operation, openDatabase } from './database.ts'
import { VaultError } from './errors.ts'
import { BATCH_ENTRIES_MAX, RECORD_BYTES_MAX } from './limits.ts'
import {
  createHeader,
  decodeHeader,
  encodeHeader,
  type StoreHeader,
  type StoreOwner,
  unlockHeader,
} from './store-header.ts'
import type { KeySecret } from './wrapping-key.ts'

export interface NewEntry {
  readonly id: IdentityId
  readonly patient: IdentityId
  readonly version: number
  readonly plaintext: Uint8Array
}

export interface EntryInfo {
  readonly id: IdentityId
  readonly patient: IdentityId
  readonly version: number
  readonly ciphertextHash: Hash
}

/** What a release hands on: the stored ciphertext as it is, and its key. */
export interface UnwrappedEntry extends EntryInfo {
  readonly ciphertext: Uint8Array
  readonly key: Uint8Array
}

type KeyRange = readonly [first: string, last: string]

interface EntryRow {
  readonly patient: IdentityId
  readonly version: number
  readonly ciphertextHash: Hash
  readonly wrappedKey: Uint8Array
}

const entryRowCodec = record<EntryRow>({
  patient: identityId,
  version: uint,
  ciphertextHash: hash,
  wrappedKey: fixedBytes(72),
})

const HEADER = 'header'
const entryKey = (id: string) => `entry/${id}`
const bodyKey = (id: string) => `body/${id}`
const patientPrefix = (patient: string) => `patient/${patient}/`

export class SealedStore {
  private readonly database: Database
  private header: StoreHeader
  private wrappingKey: Uint8Array

  private constructor(database: Database, { header, wrappingKey }: { header: StoreHeader; wrappingKey: Uint8Array }) {
    this.database = database
    this.header = header
    this.wrappingKey = wrappingKey
  }

  /** Opens the folder, or makes it one of this chain and custodian when it is empty. */
  static async open(
    database: Database,
    { owner, secret }: { owner: StoreOwner; secret: KeySecret },
  ): Promise<SealedStore> {
    await openDatabase(database)
    try {
      const bytes = await database.get(HEADER)
      if (bytes !== undefined) {
        const header = decodeHeader(bytes, owner)
        return new SealedStore(database, { header, wrappingKey: unlockHeader(header, secret) })
      }
      for await (const _ of database.keys({ limit: 1 })) {
        throw new VaultError('NOT_A_VAULT', 'vault folder: holds something else; expected an empty folder or a vault')
      }
      const fresh = createHeader(owner, secret)
      await database.batch([{ type: 'put', key: HEADER, value: encodeHeader(fresh.header) }], { sync: true })
      return new SealedStore(database, fresh)
    } catch (error) {
      await database.close()
      throw error
    }
  }

  get custodian(): IdentityId {
    return this.header.custodian
  }

  close(): Promise<void> {
    return this.database.close()
  }

  /** Encrypts and stores all of them, or none of a batch of 256. Durable when it resolves. */
  async put(entries: readonly NewEntry[]): Promise<EntryInfo[]> {
    const stored: EntryInfo[] = []
    for (let start = 0; start < entries.length; start += BATCH_ENTRIES_MAX) {
      const operations: Operation[] = []
      for (const entry of entries.slice(start, start + BATCH_ENTRIES_MAX)) {
        if ((await this.database.get(entryKey(entry.id))) !== undefined) {
          throw new VaultError('RECORD_EXISTS', 'record: this id is taken; expected a new random id')
        }
        stored.push(this.seal(entry, operations))
      }
      await this.database.batch(operations, { sync: true })
    }
    return stored
  }

  private seal({ id, patient, version, plaintext }: NewEntry, operations: Operation[]): EntryInfo {
    if (plaintext.length > RECORD_BYTES_MAX) {
      throw new VaultError(
        'RECORD_TOO_LARGE',
        `record: ${plaintext.length} bytes, at most ${RECORD_BYTES_MAX} accepted`,
      )
    }
    const bound = associatedData({ recordId: id, version, custodian: this.custodian, patient })
    const key = generateRecordKey()
    const ciphertext = encryptRecord(key, { plaintext, associatedData: bound })
    const ciphertextHash = sha256Hex(ciphertext)
    const wrappedKey = wrapKey(this.wrappingKey, { key, associatedData: bound })
    const row = toBytes(entryRowCodec, { patient, version, ciphertextHash, wrappedKey })
    operations.push(
      { type: 'put', key: entryKey(id), value: row },
      { type: 'put', key: bodyKey(id), value: ciphertext },
      { type: 'put', key: patientPrefix(patient) + id, value: new Uint8Array() },
    )
    return { id, patient, version, ciphertextHash }
  }

  /** Ids of a patient's entries, ascending; `after` is the last one seen. */
  async idsOf(
    patient: IdentityId,
    { after, limit }: { after?: IdentityId | null; limit: number },
  ): Promise<IdentityId[]> {
    const prefix = patientPrefix(patient)
    const ids: IdentityId[] = []
    // '0' is the character after '/': the end of the prefix.
    const range = { gt: prefix + (after ?? ''), lt: `patient/${patient}0`, limit }
    for await (const key of this.database.keys(range)) ids.push(asIdentityId(key.slice(prefix.length)))
    return ids
  }

  /** Throws `UNKNOWN_RECORD`, `TAMPERED`. */
  async info(id: IdentityId): Promise<EntryInfo> {
    const { patient, version, ciphertextHash } = await this.row(id)
    return { id, patient, version, ciphertextHash }
  }

  private async row(id: IdentityId): Promise<EntryRow> {
    const bytes = await this.database.get(entryKey(id))
    if (bytes === undefined) throw new VaultError('UNKNOWN_RECORD', 'record: no such record in this vault')
    return decodeRow(bytes)
  }

  /** The ciphertext with its key. Throws as `info`; an altered body, hash, key or row is `TAMPERED`. */
  async unwrap(id: IdentityId): Promise<UnwrappedEntry> {
    const { patient, version, ciphertextHash, wrappedKey } = await this.row(id)
    const ciphertext = await this.database.get(bodyKey(id))
    if (ciphertext === undefined || sha256Hex(ciphertext) !== ciphertextHash) throw tampered('body')
    const bound = associatedData({ recordId: id, version, custodian: this.custodian, patient })
    const key = opened('key', () => unwrapKey(this.wrappingKey, { wrapped: wrappedKey, associatedData: bound }))
    return { id, patient, version, ciphertextHash, ciphertext, key }
  }

  /** The plaintext, byte for byte as it was stored. */
  async read(id: IdentityId): Promise<Uint8Array> {
    const { patient, version, ciphertext, key } = await this.unwrap(id)
    const bound = associatedData({ recordId: id, version, custodian: this.custodian, patient })
    return opened('body', () => decryptRecord(key, { encrypted: ciphertext, associatedData: bound }))
  }

  /** Destroys every entry of a patient, key, body and rows, in LevelDB's files, too. Answers how many there were. */
  async eraseOf(patient: IdentityId): Promise<number> {
    let count = 0
    for (;;) {
      const ids = await this.idsOf(patient, { limit: BATCH_ENTRIES_MAX })
      if (ids.length === 0) return count
      const gone = ids.flatMap((id) => [entryKey(id), bodyKey(id), patientPrefix(patient) + id])
      await this.overwrite(
        gone.map((key) => ({ type: 'del', key })),
        neighbourhoods(gone),
      )
      count += ids.length
    }
  }

  /** What was deleted leaves the files, also where a crash came in between. Rewrites the whole folder. */
  compactAll(): Promise<void> {
    return this.compact([['', '~']])
  }

  /** Wraps every record key by a new wrapping key, in one atomic write: after a crash the old key or the new one is right, for all. */
  async rewrap(secret: KeySecret): Promise<void> {
    const owner = { chainId: this.header.chainId, custodian: this.header.custodian }
    const next = createHeader(owner, secret)
    const operations: Operation[] = [{ type: 'put', key: HEADER, value: encodeHeader(next.header) }]
    for await (const [key, bytes] of this.database.iterator({ gt: 'entry/', lt: 'entry0' })) {
      const { wrappedKey, ...row } = decodeRow(bytes)
      const recordId = asIdentityId(key.slice('entry/'.length))
      const bound = associatedData({ recordId, version: row.version, custodian: this.custodian, patient: row.patient })
      const recordKey = opened('key', () => unwrapKey(this.wrappingKey, { wrapped: wrappedKey, associatedData: bound }))
      const rewrapped = wrapKey(next.wrappingKey, { key: recordKey, associatedData: bound })
      operations.push({ type: 'put', key, value: toBytes(entryRowCodec, { ...row, wrappedKey: rewrapped }) })
    }
    await this.overwrite(operations, [
      [HEADER, HEADER],
      ['entry/', 'entry0'],
    ])
    this.header = next.header
    this.wrappingKey = next.wrappingKey
  }

  /**
   * Writes so that the old values in these ranges are gone from the files. LevelDB drops a value when it merges a table with
   * a newer one above it: so the old value goes into a table first, and the new one meets it in the second compaction.
   */
  private async overwrite(operations: Operation[], ranges: readonly KeyRange[]): Promise<void> {
    await this.compact(ranges)
    await this.database.batch(operations, { sync: true })
    await this.compact(ranges)
  }

  private async compact(ranges: readonly KeyRange[]): Promise<void> {
    for (const [first, last] of ranges) await this.database.compactRange?.(first, last)
  }
}

/**
 * The 256th parts of the rows in which these keys lie: a compaction rewrites whole tables, and one for every key would rewrite
 * the same ones again and again. Names of rows, random ids, may stay in LevelDB's own journal of what it compacted.
 */
function neighbourhoods(keys: readonly string[]): KeyRange[] {
  const starts = new Set(keys.map((key) => key.slice(0, key.indexOf('/') + 3)))
  return [...starts].map((start) => [start, `${start}~`])
}

function decodeRow(bytes: Uint8Array): EntryRow {
  try {
    return fromBytes(entryRowCodec, bytes)
  } catch (cause) {
    if (cause instanceof DecodeError) throw tampered('entry', cause)
    throw cause
  }
}

function opened(what: 'key' | 'body', open: () => Uint8Array): Uint8Array {
  try {
    return open()
  } catch (cause) {
    if (cause instanceof CryptoError) throw tampered(what, cause)
    throw cause
  }
}

function tampered(what: 'entry' | 'body' | 'key', cause?: unknown): VaultError {
  const message = `record: its ${what} was altered, or stands where it does not belong`
  return new VaultError('TAMPERED', message, cause === undefined ? undefined : { cause })
}
