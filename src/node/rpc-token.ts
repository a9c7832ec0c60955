// The secret that opens the institution's own methods of the RPC: made at first start, readable by the owner only.

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { randomBytes } from '../crypto/random.ts'

export function loadOrCreateToken(file: string): string {
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(32).toHex(), { mode: 0o600 })
    chmodSync(file, 0o600)
  }
  return readFileSync(file, 'utf8').trim()
}
