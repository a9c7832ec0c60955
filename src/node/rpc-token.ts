// The secret that opens the institution's own methods of the RPC: made at first start, readable by the owner only.

import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { randomBytes } from '../crypto/random.ts'
import { KeyFileError } from './key-file.ts'

/** Throws KeyFileError for a file that others may read or that holds no token: an empty token would let everybody in. */
export function loadOrCreateToken(file: string): string {
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(32).toHex(), { mode: 0o600, flag: 'wx' })
    chmodSync(file, 0o600)
  }
  const advice = 'remove the file and start again for a new one'
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new KeyFileError(`${file}: readable by others, expected mode 0600; ${advice}`)
  }
  const token = readFileSync(file, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(token)) throw new KeyFileError(`${file}: expected 64 hex characters; ${advice}`)
  return token
}
