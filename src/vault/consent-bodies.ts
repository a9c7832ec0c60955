// The private parts of consents: what the patient signed, as it was received, and its data limits, each with the salt that the
// chain's commitment was made with. A part is found under its commitment, so whatever became of its registration, none ever
// takes another's place. Kept in a sealed store of its own, so that no record request can ever meet one.

import type { Hash, IdentityId } from '../types/brand.ts'
import type { SealedStore } from './sealed-store.ts'

export interface ConsentBodyParts {
  readonly bytes: Uint8Array
  /** 32 bytes. */
  readonly salt: Uint8Array
}

export interface CommittedBody extends ConsentBodyParts {
  /** As it stands on the chain. */
  readonly commitment: Hash
}

const SALT_BYTES = 32

/** The store names its entries by ids; a commitment is one as good as any. */
const entryId = (commitment: Hash): IdentityId => commitment as string as IdentityId

export class ConsentBodies {
  private readonly store: SealedStore
  constructor(store: SealedStore) {
    this.store = store
  }

  /** All or none. Throws `RECORD_EXISTS`. */
  async put(patient: IdentityId, bodies: readonly CommittedBody[]): Promise<void> {
    const entries = bodies.map(({ commitment, bytes, salt }) => {
      const plaintext = new Uint8Array(SALT_BYTES + bytes.length)
      plaintext.set(salt)
      plaintext.set(bytes, SALT_BYTES)
      return { id: entryId(commitment), patient, version: 1, plaintext }
    })
    await this.store.put(entries)
  }

  /** Throws `UNKNOWN_RECORD`, `TAMPERED`. */
  async read(commitment: Hash): Promise<ConsentBodyParts> {
    const plaintext = await this.store.read(entryId(commitment))
    return { salt: plaintext.slice(0, SALT_BYTES), bytes: plaintext.slice(SALT_BYTES) }
  }

  /** Destroys a patient's parts, salts and keys: their commitments on the chain then say nothing any more. */
  eraseOf(patient: IdentityId): Promise<number> {
    return this.store.eraseOf(patient)
  }
}
