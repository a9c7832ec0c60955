// The bodies of consents: what the patient signed, as it was received, with the salt that the chain's commitment was made
// with. A body is found under its commitment, so whatever became of its registration, no body ever takes another's place.
// Kept in a sealed store of its own, so that no record request can ever meet one.

import type { Hash, IdentityId } from '../types/brand.ts'
import type { SealedStore } from './sealed-store.ts'

export interface ConsentBodyParts {
  readonly bytes: Uint8Array
  /** 32 bytes. */
  readonly salt: Uint8Array
}

const SALT_BYTES = 32

/** The store names its entries by ids; a commitment is one as good as any. */
const entryId = (document: Hash): IdentityId => document as string as IdentityId

export class ConsentBodies {
  private readonly store: SealedStore
  constructor(store: SealedStore) {
    this.store = store
  }

  /** `document`: the commitment on the chain. Throws `RECORD_EXISTS`. */
  async put(document: Hash, { patient, bytes, salt }: ConsentBodyParts & { patient: IdentityId }): Promise<void> {
    const plaintext = new Uint8Array(SALT_BYTES + bytes.length)
    plaintext.set(salt)
    plaintext.set(bytes, SALT_BYTES)
    await this.store.put([{ id: entryId(document), patient, version: 1, plaintext }])
  }

  /** Throws `UNKNOWN_RECORD`, `ERASED`, `TAMPERED`. */
  async read(document: Hash): Promise<ConsentBodyParts> {
    const plaintext = await this.store.read(entryId(document))
    return { salt: plaintext.slice(0, SALT_BYTES), bytes: plaintext.slice(SALT_BYTES) }
  }

  /** Destroys body, salt and key: the commitment on the chain then says nothing any more. */
  erase(document: Hash): Promise<void> {
    return this.store.erase([entryId(document)])
  }
}
