// An institution's own index from identifiers to random ids: HMAC(indexKey, system|value) -> id, off the chain. A stolen
// copy says nothing without the key: rows are named by an HMAC, and what they hold is encrypted. Because it holds the
// identifier, too, the index can be moved to a new key by itself, and the chain never notices.
//
// Rows: check | row/<HMAC of system|value> (identifier and id) | holder/<HMAC of id>/<the former>, for whom to forget.

import { createHmac } from 'node:crypto'
import { CryptoError } from '../crypto/errors.ts'
import { randomBytes } from '../crypto/random.ts'
import { decryptRecord, encryptRecord } from '../crypto/record-cipher.ts'
import { assert } from '../types/assert.ts'
import type { IdentityId } from '../types/brand.ts'
import { fromBytes, identityId, record, text, toBytes } from '../types/canonical.ts'
import { FhirError } from './errors.ts'
import type { KeyValue, KeyValueOperation } from './key-value.ts'

export interface Identifier {
  /** URI of the naming system; compared exactly. */
  readonly system: string
  readonly value: string
}

interface Row extends Identifier {
  readonly id: IdentityId
}

/** Both derived from the index key. */
interface Keys {
  readonly lookup: Uint8Array
  readonly sealing: Uint8Array
}

const TEXT_BYTES_MAX = 4096
const rowCodec = record<Row>({ system: text(TEXT_BYTES_MAX), value: text(TEXT_BYTES_MAX), id: identityId })
const CHECK = 'check'
const ROW_RANGE = { gt: 'row/', lt: 'row0' } as const
const EVERYTHING = ['check', 'row0'] as const

export class IdentityIndex {
  private readonly storage: KeyValue
  private keys: Keys
  /** One change at a time: two enrolments of one person must not make two ids. */
  private tail: Promise<unknown> = Promise.resolve()

  private constructor(storage: KeyValue, keys: Keys) {
    this.storage = storage
    this.keys = keys
  }

  /** Opens the storage, or makes it an index under this key when it is empty. Throws `WRONG_INDEX_KEY`. */
  static async open(storage: KeyValue, indexKey: Uint8Array): Promise<IdentityIndex> {
    await storage.open()
    try {
      const keys = deriveKeys(indexKey)
      const check = await storage.get(CHECK)
      if (check === undefined) await storage.batch([checkRow(keys)], { sync: true })
      else unseal(keys, { key: CHECK, value: check, otherwise: 'WRONG_INDEX_KEY' })
      return new IdentityIndex(storage, keys)
    } catch (error) {
      await storage.close()
      throw error
    }
  }

  close(): Promise<void> {
    return this.storage.close()
  }

  /** Throws `INDEX_TAMPERED`. */
  async find(identifier: Identifier): Promise<IdentityId | null> {
    const key = rowKey(this.keys, identifier)
    const value = await this.storage.get(key)
    return value === undefined ? null : openRow(this.keys, { key, value }).id
  }

  /** The id of the identifier; a new random one where it has none yet. `created` says which. */
  enroll(identifier: Identifier): Promise<{ readonly id: IdentityId; readonly created: boolean }> {
    return this.exclusively(async () => {
      const found = await this.find(identifier)
      if (found !== null) return { id: found, created: false }
      const id = randomBytes(32).toHex() as IdentityId
      await this.storage.batch(rowsOf(this.keys, { ...identifier, id }), { sync: true })
      return { id, created: true }
    })
  }

  /** Enters an id that was made elsewhere, such as a patient's by the home institution. Throws `IDENTIFIER_TAKEN`. */
  enter(identifier: Identifier, id: IdentityId): Promise<void> {
    return this.exclusively(async () => {
      const found = await this.find(identifier)
      if (found === id) return
      if (found !== null) throw new FhirError('IDENTIFIER_TAKEN', 'identifier: stands for another id already')
      await this.storage.batch(rowsOf(this.keys, { ...identifier, id }), { sync: true })
    })
  }

  /** Forgets every identifier of an id: from then on nobody can tell here whose it is. Answers how many there were. */
  forget(id: IdentityId): Promise<number> {
    return this.exclusively(async () => {
      const holder = holderKey(this.keys, id)
      const names: string[] = []
      for await (const [key] of this.storage.iterator({ gt: `${holder}/`, lt: `${holder}0` })) {
        names.push(key.slice(holder.length + 1))
      }
      const gone = names.flatMap((name) => [`row/${name}`, `${holder}/${name}`])
      if (names.length > 0) await this.overwrite(gone.map((key) => ({ type: 'del', key })))
      return names.length
    })
  }

  /** Moves every row to a new index key, in one atomic write. */
  rekey(indexKey: Uint8Array): Promise<void> {
    return this.exclusively(async () => {
      const keys = deriveKeys(indexKey)
      const operations: KeyValueOperation[] = [checkRow(keys)]
      for await (const [key, value] of this.storage.iterator(ROW_RANGE)) {
        const row = openRow(this.keys, { key, value })
        const former = rowsOf(this.keys, row).map((each) => ({ type: 'del', key: each.key }) as const)
        operations.push(...former, ...rowsOf(keys, row))
      }
      await this.overwrite(operations)
      this.keys = keys
    })
  }

  /** Old values leave the files, too. LevelDB drops one when it merges its table with a newer one: hence once before, once after. */
  private async overwrite(operations: KeyValueOperation[]): Promise<void> {
    await this.storage.compactRange?.(...EVERYTHING)
    await this.storage.batch(operations, { sync: true })
    await this.storage.compactRange?.(...EVERYTHING)
  }

  private exclusively<T>(change: () => Promise<T>): Promise<T> {
    const done = this.tail.then(change)
    // The next change waits for this one, whatever becomes of it; its own caller hears of a failure.
    this.tail = done.catch(() => undefined)
    return done
  }
}

function deriveKeys(indexKey: Uint8Array): Keys {
  if (indexKey.length !== 32) throw new FhirError('WRONG_INDEX_KEY', 'index key: expected 32 bytes')
  return { lookup: hmac(indexKey, 'assent/index/lookup/1'), sealing: hmac(indexKey, 'assent/index/sealing/1') }
}

const hmac = (key: Uint8Array, message: string): Uint8Array => createHmac('sha256', key).update(message).digest()

function rowKey({ lookup }: Keys, { system, value }: Identifier): string {
  // So that system|value can be read one way only.
  assert(!system.includes('|'), 'identifier system: expected a URI, which has no bar')
  return `row/${hmac(lookup, `${system}|${value}`).toHex()}`
}

const holderKey = ({ lookup }: Keys, id: IdentityId): string => `holder/${hmac(lookup, id).toHex()}`

function rowsOf(keys: Keys, { system, value, id }: Row): KeyValueOperation[] {
  const key = rowKey(keys, { system, value })
  return [
    seal(keys, { key, plaintext: toBytes(rowCodec, { system, value, id }) }),
    { type: 'put', key: `${holderKey(keys, id)}/${key.slice('row/'.length)}`, value: new Uint8Array() },
  ]
}

/** Opens with the right key only. */
const checkRow = (keys: Keys): KeyValueOperation => seal(keys, { key: CHECK, plaintext: new Uint8Array() })

function openRow(keys: Keys, { key, value }: { key: string; value: Uint8Array }): Row {
  return fromBytes(rowCodec, unseal(keys, { key, value, otherwise: 'INDEX_TAMPERED' }))
}

/** Bound to its own key: a row that was moved does not open. */
function seal({ sealing }: Keys, { key, plaintext }: { key: string; plaintext: Uint8Array }): KeyValueOperation {
  return {
    type: 'put',
    key,
    value: encryptRecord(sealing, { plaintext, associatedData: new TextEncoder().encode(key) }),
  }
}

function unseal(
  { sealing }: Keys,
  { key, value, otherwise }: { key: string; value: Uint8Array; otherwise: 'WRONG_INDEX_KEY' | 'INDEX_TAMPERED' },
): Uint8Array {
  try {
    return decryptRecord(sealing, { encrypted: value, associatedData: new TextEncoder().encode(key) })
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    const what = otherwise === 'WRONG_INDEX_KEY' ? 'was made with another key' : 'holds an altered row'
    throw new FhirError(otherwise, `identity index: ${what}`, { cause })
  }
}
