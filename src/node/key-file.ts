// An institution's secret keys: one file, readable by its owner only, never inside the data folder. Four kinds that never
// stand for one another (spec/contracts.md, "registry").

import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import * as z from 'zod'
import { createSigner, publicKeyOf } from '../crypto/ed25519.ts'
import { generateSealingKeyPair } from '../crypto/hpke.ts'
import { randomBytes } from '../crypto/random.ts'
import { asIdentityId, type IdentityId, type PublicKey } from '../types/brand.ts'
import type { Sign } from '../types/signing.ts'
import type { ValidatorSet } from '../types/validator-set.ts'

/** An Ed25519 key of which only the use is handed on. */
export interface SigningKey {
  readonly publicKey: PublicKey
  readonly sign: Sign
}

/** An X25519 key pair; `secretKey` opens what is sealed to `publicKey`. */
export interface EncryptionKey {
  readonly publicKey: PublicKey
  readonly secretKey: Uint8Array
}

export interface NodeKeys {
  readonly institution: IdentityId
  readonly signing: SigningKey
  readonly encryption: EncryptionKey
  readonly transport: { readonly publicKey: PublicKey; readonly seed: Uint8Array }
  /** Present on validators: of the first seat. */
  readonly consensus: SigningKey | null
  /** Of later seats, the newest last: made ahead of the epoch in which one takes over from the one before. */
  readonly laterConsensus: readonly SigningKey[]
  /** Of the off-chain index from identifiers to random ids. */
  readonly indexKey: Uint8Array
}

export class KeyFileError extends Error {
  override name = 'KeyFileError'
}

export const hex32 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lowercase hex characters')
export const encryptionSchema = z.strictObject({ publicKey: hex32, secretKey: hex32 })
/** Seats come and go by decision of the institutions; keys of ended ones are taken out. */
const CONSENSUS_KEYS_MAX = 16

const schema = z.strictObject({
  institution: hex32,
  signing: hex32,
  encryption: encryptionSchema,
  transport: hex32,
  consensus: hex32.nullable(),
  laterConsensus: z.array(hex32).max(CONSENSUS_KEYS_MAX).default([]),
  index: hex32,
})

export const newSeed = (): string => randomBytes(32).toHex()

export function newEncryptionKey(): z.infer<typeof encryptionSchema> {
  const { publicKey, secretKey } = generateSealingKeyPair()
  return { publicKey: publicKey.toHex(), secretKey: secretKey.toHex() }
}

export function encryptionKey({ publicKey, secretKey }: z.infer<typeof encryptionSchema>): EncryptionKey {
  return { publicKey: publicKey as PublicKey, secretKey: Uint8Array.fromHex(secretKey) }
}

export function signingKey(seedHex: string): SigningKey {
  const signer = createSigner(Uint8Array.fromHex(seedHex))
  return { publicKey: signer.publicKey.toHex() as PublicKey, sign: signer.sign }
}

/** Every consensus key of a node, in the order in which they were made. */
export function consensusKeysOf({
  consensus,
  laterConsensus,
}: Pick<NodeKeys, 'consensus' | 'laterConsensus'>): SigningKey[] {
  return consensus === null ? [...laterConsensus] : [consensus, ...laterConsensus]
}

/** The one that has a seat in this set, else the first; null where there is none. */
export function presentKeyOf(
  keys: Pick<NodeKeys, 'consensus' | 'laterConsensus'>,
  set: Pick<ValidatorSet, 'members'>,
): SigningKey | null {
  const own = consensusKeysOf(keys)
  const isSeated = ({ publicKey }: SigningKey): boolean =>
    set.members.some(({ consensusKey }) => consensusKey === publicKey)
  return own.find(isSeated) ?? own[0] ?? null
}

/** Adds a consensus key for a seat to come. The file is replaced as a whole: it is never half written. */
export function addConsensusKey(file: string): PublicKey {
  const keys = readSecretFile(file, schema)
  if (keys.laterConsensus.length >= CONSENSUS_KEYS_MAX) {
    throw new KeyFileError(`${file}: ${CONSENSUS_KEYS_MAX} later consensus keys; take out those whose seats have ended`)
  }
  const seed = newSeed()
  renameSync(draftOf(file, { ...keys, laterConsensus: [...keys.laterConsensus, seed] }), file)
  return signingKey(seed).publicKey
}

/**
 * Puts a new transport key in the place of the present one, once `register` has made it known. The new file is on disk before
 * that: a key that others know and nobody has would be of no use.
 */
export async function replaceTransportKey(
  file: string,
  register: (key: PublicKey) => Promise<void>,
): Promise<PublicKey> {
  const seed = newSeed()
  const draft = draftOf(file, { ...readSecretFile(file, schema), transport: seed })
  const { publicKey } = signingKey(seed)
  try {
    await register(publicKey)
  } catch (error) {
    rmSync(draft)
    throw error
  }
  renameSync(draft, file)
  return publicKey
}

/** The file as it is to become, beside it. */
function draftOf(file: string, content: z.infer<typeof schema>): string {
  const draft = `${file}.new`
  rmSync(draft, { force: true })
  writeSecretFile(draft, content)
  return draft
}

/** Writes new random keys; refuses to overwrite. */
export function createKeyFile(file: string, { validator }: { validator: boolean }): void {
  writeSecretFile(file, {
    institution: newSeed(),
    signing: newSeed(),
    encryption: newEncryptionKey(),
    transport: newSeed(),
    consensus: validator ? newSeed() : null,
    index: newSeed(),
  })
}

export function loadKeyFile(file: string): NodeKeys {
  const keys = readSecretFile(file, schema)
  const transportSeed = Uint8Array.fromHex(keys.transport)
  return {
    institution: asIdentityId(keys.institution),
    signing: signingKey(keys.signing),
    encryption: encryptionKey(keys.encryption),
    transport: { publicKey: publicKeyOf(transportSeed).toHex() as PublicKey, seed: transportSeed },
    consensus: keys.consensus === null ? null : signingKey(keys.consensus),
    laterConsensus: keys.laterConsensus.map(signingKey),
    indexKey: Uint8Array.fromHex(keys.index),
  }
}

/** Mode 0600; never overwrites. */
export function writeSecretFile(file: string, content: object): void {
  try {
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(file, 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw new KeyFileError(`${file}: exists already; keys are never overwritten`)
    throw new KeyFileError(`${file}: cannot be written: ${code}`)
  }
}

/** Reads a secret file that nobody else may read. Errors name fields, never values. */
export function readSecretFile<T>(file: string, schema: z.ZodType<T>): T {
  let text: string
  try {
    // Windows has no such bits; there the folder's access list protects the file.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
      throw new KeyFileError(`${file}: readable by others; expected mode 0600 (chmod 600)`)
    }
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof KeyFileError) throw error
    throw new KeyFileError(`${file}: cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  const parsed = schema.safeParse(parseJson(text, file))
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || '(whole file)')
  throw new KeyFileError(`${file}: wrong or missing: ${fields.join(', ')}`)
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new KeyFileError(`${file}: is not JSON`)
  }
}
