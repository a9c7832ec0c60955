// A hospital's records: versions of FHIR resources, encrypted outside the chain, one random id and key each. The chain
// knows {recordId, ciphertextHash, custodian} and nothing else of them.

import { randomBytes } from '../crypto/random.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import type { EntryInfo, SealedStore, UnwrappedEntry } from './sealed-store.ts'

export interface NewRecord {
  /** Exact bytes of the resource version. */
  readonly bytes: Uint8Array
  /** Version of the resource, counted from 1. */
  readonly version?: number
}

/** The chain entry (`access.registerRecords`), and what stays here. */
export interface StoredRecord {
  readonly recordId: IdentityId
  readonly ciphertextHash: Hash
  readonly custodian: IdentityId
  readonly patient: IdentityId
  readonly version: number
}

export interface ReadRecord extends StoredRecord {
  readonly bytes: Uint8Array
}

export class RecordVault {
  private readonly store: SealedStore
  constructor(store: SealedStore) {
    this.store = store
  }

  /** Stores the records of one patient; durable when it resolves. Throws `RECORD_TOO_LARGE`. */
  async put(patient: IdentityId, records: readonly NewRecord[]): Promise<StoredRecord[]> {
    const entries = records.map(({ bytes, version = 1 }) => ({ id: randomId(), patient, version, plaintext: bytes }))
    return (await this.store.put(entries)).map((entry) => this.stored(entry))
  }

  /** Ascending by record id; the next page is after the last one. */
  async list(
    patient: IdentityId,
    { after = null, limit = 256 }: { after?: IdentityId | null; limit?: number } = {},
  ): Promise<StoredRecord[]> {
    const ids = await this.store.idsOf(patient, { after, limit })
    return Promise.all(ids.map(async (id) => this.stored(await this.store.info(id))))
  }

  /** Throws `UNKNOWN_RECORD`, `TAMPERED`. */
  async info(recordId: IdentityId): Promise<StoredRecord> {
    return this.stored(await this.store.info(recordId))
  }

  /** With its content. Throws as `info`. */
  async read(recordId: IdentityId): Promise<ReadRecord> {
    return { ...(await this.info(recordId)), bytes: await this.store.read(recordId) }
  }

  /** What a release is made of. */
  unwrap(recordId: IdentityId): Promise<UnwrappedEntry> {
    return this.store.unwrap(recordId)
  }

  /** Destroys all records of a patient; their chain entries then commit to nothing that anybody can read. */
  eraseOf(patient: IdentityId): Promise<number> {
    return this.store.eraseOf(patient)
  }

  get custodian(): IdentityId {
    return this.store.custodian
  }

  private stored({ id, patient, version, ciphertextHash }: EntryInfo): StoredRecord {
    return { recordId: id, ciphertextHash, custodian: this.store.custodian, patient, version }
  }
}

function randomId(): IdentityId {
  return randomBytes(32).toHex() as IdentityId
}
