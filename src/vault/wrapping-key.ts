// Where an institution's wrapping key comes from: given bytes (tests, devnet), an environment variable, a file, or an
// external command that asks a key store. Never the data folder: whoever copies that must get nothing readable.
//
// 64 hex digits are the key itself; any other text is a passphrase, from which scrypt derives the key.

import { execFile } from 'node:child_process'
import { readFile, realpath, stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { assertNever } from '../types/assert.ts'
import { VaultError } from './errors.ts'
import { KEY_COMMAND_TIMEOUT_MS, KEY_SECRET_BYTES_MAX } from './limits.ts'

export type KeySource =
  | { readonly kind: 'bytes'; readonly key: Uint8Array }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  /** Started without a shell; its standard output is the key or passphrase. */
  | { readonly kind: 'command'; readonly command: string; readonly args: readonly string[] }

export type KeySecret =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | { readonly kind: 'passphrase'; readonly passphrase: string }

/** Shorter ones are found by trying. */
const PASSPHRASE_LENGTH_MIN = 12
const KEY_BYTES = 32
const HEX_KEY = /^[0-9a-f]{64}$/i

/** Reads the secret; the caller keeps it no longer than `openSealedStore` needs. Throws `KEY_SOURCE`, `KEY_IN_DATA_FOLDER`. */
export async function readKeySecret(source: KeySource, { dataFolder }: { dataFolder: string }): Promise<KeySecret> {
  switch (source.kind) {
    case 'bytes':
      if (source.key.length !== KEY_BYTES) throw keySource('wrapping key: expected 32 bytes')
      return { kind: 'key', key: source.key }
    case 'environment': {
      const text = process.env[source.variable]
      if (text === undefined) throw keySource(`environment variable ${source.variable}: not set`)
      return secretOf(text, `environment variable ${source.variable}`)
    }
    case 'file':
      return secretOf(await readKeyFile(source.path, dataFolder), `key file ${source.path}`)
    case 'command':
      return secretOf(await runKeyCommand(source), `key command ${source.command}`)
    default:
      return assertNever(source)
  }
}

function secretOf(text: string, where: string): KeySecret {
  const trimmed = text.trim()
  if (HEX_KEY.test(trimmed)) return { kind: 'key', key: Uint8Array.fromHex(trimmed) }
  if (trimmed.length < PASSPHRASE_LENGTH_MIN) {
    throw keySource(`${where}: expected 64 hex digits, or a passphrase of at least ${PASSPHRASE_LENGTH_MIN} characters`)
  }
  return { kind: 'passphrase', passphrase: trimmed }
}

async function readKeyFile(path: string, dataFolder: string): Promise<string> {
  try {
    const [file, folder, { mode, size }] = await Promise.all([realpath(path), realPathIfAny(dataFolder), stat(path)])
    if (file === folder || file.startsWith(folder + sep)) {
      throw new VaultError('KEY_IN_DATA_FOLDER', `key file ${path}: lies in the data folder that it is to protect`)
    }
    if (process.platform !== 'win32' && (mode & 0o007) !== 0) {
      throw keySource(`key file ${path}: open to every user of this machine; expected mode 600 or 640`)
    }
    if (size > KEY_SECRET_BYTES_MAX) throw keySource(`key file ${path}: more than ${KEY_SECRET_BYTES_MAX} bytes`)
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof VaultError) throw cause
    throw keySource(`key file ${path}: cannot be read`, cause)
  }
}

/** The data folder of a node that starts for the first time does not exist yet. */
async function realPathIfAny(folder: string): Promise<string> {
  try {
    return await realpath(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return resolve(folder)
    throw error
  }
}

async function runKeyCommand({ command, args }: { command: string; args: readonly string[] }): Promise<string> {
  try {
    const options = { timeout: KEY_COMMAND_TIMEOUT_MS, maxBuffer: KEY_SECRET_BYTES_MAX, encoding: 'utf8' } as const
    const { stdout } = await promisify(execFile)(command, [...args], options)
    return stdout
  } catch (error) {
    // The cause is left out on purpose: an execFile error carries what the command wrote.
    const { code } = error as { code?: string | number }
    throw keySource(`key command ${command}: failed (${code ?? 'ended by a signal, or too slow'})`)
  }
}

function keySource(message: string, cause?: unknown): VaultError {
  return new VaultError('KEY_SOURCE', message, cause === undefined ? undefined : { cause })
}
