// The first thing in a vault's folder: which chain and custodian it belongs to, and how to tell the right wrapping key.

import {
  generatePassphraseParameters,
  type PassphraseParameters,
  wrappingKeyFromPassphrase,
} from '../crypto/passphrase.ts'
import { unwrapKey, wrapKey } from '../crypto/record-cipher.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import {
  fixedBytes,
  fromBytes,
  hash,
  identityId,
  literal,
  optional,
  record,
  toBytes,
  uint,
} from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { VaultError } from './errors.ts'
import type { KeySecret } from './wrapping-key.ts'

export interface StoreOwner {
  readonly chainId: Hash
  readonly custodian: IdentityId
}

export interface StoreHeader extends StoreOwner {
  readonly version: 1
  /** Present where the wrapping key comes from a passphrase. */
  readonly passphrase: PassphraseParameters | null
  /** 32 zero bytes, wrapped: opens with the right key only. */
  readonly keyCheck: Uint8Array
}

const ZERO_KEY = new Uint8Array(32)
const WRAPPED_KEY_BYTES = 72

const headerCodec = record<StoreHeader>({
  version: literal(1),
  chainId: hash,
  custodian: identityId,
  passphrase: optional(
    record<PassphraseParameters>({ cost: uint, blockSize: uint, parallelism: uint, salt: fixedBytes(16) }),
  ),
  keyCheck: fixedBytes(WRAPPED_KEY_BYTES),
})

const ownerCodec = record<StoreOwner>({ chainId: hash, custodian: identityId })
const checkedWith = ({ chainId, custodian }: StoreOwner) => toBytes(ownerCodec, { chainId, custodian })

export const encodeHeader = (header: StoreHeader): Uint8Array => toBytes(headerCodec, header)

/** Throws `NOT_A_VAULT`, `OTHER_CHAIN`, `OTHER_CUSTODIAN`. */
export function decodeHeader(bytes: Uint8Array, owner: StoreOwner): StoreHeader {
  let header: StoreHeader
  try {
    header = fromBytes(headerCodec, bytes)
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause
    throw new VaultError('NOT_A_VAULT', `vault folder: its header is not of this version (${cause.message})`, { cause })
  }
  if (header.chainId !== owner.chainId) {
    throw new VaultError('OTHER_CHAIN', 'vault folder: belongs to another chain; use the folder made for this one')
  }
  if (header.custodian !== owner.custodian) {
    throw new VaultError('OTHER_CUSTODIAN', 'vault folder: belongs to another institution')
  }
  return header
}

/** A header and wrapping key for a new folder, or for a new secret. */
export function createHeader(owner: StoreOwner, secret: KeySecret): { header: StoreHeader; wrappingKey: Uint8Array } {
  const passphrase = secret.kind === 'passphrase' ? generatePassphraseParameters() : null
  const wrappingKey = deriveKey(secret, passphrase)
  const keyCheck = wrapKey(wrappingKey, { key: ZERO_KEY, associatedData: checkedWith(owner) })
  const { chainId, custodian } = owner
  return { header: { version: 1, chainId, custodian, passphrase, keyCheck }, wrappingKey }
}

/** The wrapping key of an existing folder. Throws `WRONG_KEY`. */
export function unlockHeader(header: StoreHeader, secret: KeySecret): Uint8Array {
  const wrappingKey = deriveKey(secret, header.passphrase)
  try {
    unwrapKey(wrappingKey, { wrapped: header.keyCheck, associatedData: checkedWith(header) })
  } catch (cause) {
    throw new VaultError('WRONG_KEY', 'wrapping key: not the one that this vault was locked with', { cause })
  }
  return wrappingKey
}

function deriveKey(secret: KeySecret, parameters: PassphraseParameters | null): Uint8Array {
  if (secret.kind === 'key') return secret.key
  if (parameters === null) {
    throw new VaultError('WRONG_KEY', 'wrapping key: this vault was locked with a key of 32 bytes, not a passphrase')
  }
  return wrappingKeyFromPassphrase(secret.passphrase, parameters)
}
