// The key file of a person: a patient's, a practitioner's or a delegate's random id with a signing and an encryption key.

import * as z from 'zod'
import { asIdentityId, type IdentityId } from '../types/brand.ts'
import {
  type EncryptionKey,
  encryptionKey,
  encryptionSchema,
  hex32,
  newEncryptionKey,
  newSeed,
  readSecretFile,
  type SigningKey,
  signingKey,
  writeSecretFile,
} from './key-file.ts'

export interface PersonKeys {
  readonly identity: IdentityId
  readonly signing: SigningKey
  readonly encryption: EncryptionKey
}

const schema = z.strictObject({ identity: hex32, signing: hex32, encryption: encryptionSchema })

export function createPersonFile(file: string): void {
  writeSecretFile(file, { identity: newSeed(), signing: newSeed(), encryption: newEncryptionKey() })
}

export function loadPersonFile(file: string): PersonKeys {
  const keys = readSecretFile(file, schema)
  return {
    identity: asIdentityId(keys.identity),
    signing: signingKey(keys.signing),
    encryption: encryptionKey(keys.encryption),
  }
}
