// The bodies of consents: what the patient signed, as it was received, with the salt that the chain's commitment was made
// with. Kept in a sealed store of its own, so that no record request can ever meet one.

import { taggedHash } from '../crypto/hash.ts'
import type { IdentityId } from '../types/brand.ts'
import { identityId, record, toBytes, uint } from '../types/canonical.ts'
import type { SealedStore } from './sealed-store.ts'

export interface ConsentVersion {
  readonly consentId: IdentityId
  readonly version: number
}

export interface ConsentBodyParts {
  readonly bytes: Uint8Array
  /** 32 bytes. */
  readonly salt: Uint8Array
}

const SALT_BYTES = 32
const ID_TAG = 'assent/consent-body/1'
const versionCodec = record<ConsentVersion>({ consentId: identityId, version: uint })

/** A consent has a body per version; the store wants one id per entry. */
function entryId({ consentId, version }: ConsentVersion): IdentityId {
  return taggedHash(ID_TAG, toBytes(versionCodec, { consentId, version })) as string as IdentityId
}

export class ConsentBodies {
  private readonly store: SealedStore
  constructor(store: SealedStore) {
    this.store = store
  }

  /** Throws `RECORD_EXISTS` for a version that has a body already. */
  async put({ consentId, version, patient, bytes, salt }: ConsentVersion & ConsentBodyParts & { patient: IdentityId }) {
    const plaintext = new Uint8Array(SALT_BYTES + bytes.length)
    plaintext.set(salt)
    plaintext.set(bytes, SALT_BYTES)
    await this.store.put([{ id: entryId({ consentId, version }), patient, version, plaintext }])
  }

  /** Throws `UNKNOWN_RECORD`, `ERASED`, `TAMPERED`. */
  async read(of: ConsentVersion): Promise<ConsentBodyParts> {
    const plaintext = await this.store.read(entryId(of))
    return { salt: plaintext.slice(0, SALT_BYTES), bytes: plaintext.slice(SALT_BYTES) }
  }

  /** Destroys body, salt and key: the commitment on the chain then says nothing any more. */
  erase(of: ConsentVersion): Promise<void> {
    return this.store.erase([entryId(of)])
  }
}
