// The key file of a person: a patient's, a practitioner's or a delegate's random id with a signing and an encryption key.

import { renameSync, rmSync } from 'node:fs'
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

/** Writes new random keys, for a new random id or for one that an institution gave out; refuses to overwrite. */
export function createPersonFile(file: string, identity: string = newSeed()): PersonKeys {
  writeSecretFile(file, { identity, signing: newSeed(), encryption: newEncryptionKey() })
  return loadPersonFile(file)
}

/** A file that was made before its id was known gets it now. */
export function setPersonIdentity(file: string, identity: IdentityId): PersonKeys {
  const content = readSecretFile(file, schema)
  // Beside it, then in its place: at no moment do the keys exist nowhere.
  const replacement = `${file}.new`
  rmSync(replacement, { force: true })
  writeSecretFile(replacement, { ...content, identity })
  renameSync(replacement, file)
  return loadPersonFile(file)
}

export function loadPersonFile(file: string): PersonKeys {
  const keys = readSecretFile(file, schema)
  return {
    identity: asIdentityId(keys.identity),
    signing: signingKey(keys.signing),
    encryption: encryptionKey(keys.encryption),
  }
}
