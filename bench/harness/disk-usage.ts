// Bytes that a folder takes on disk.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Of all files below it; those that vanish while it is read count nothing. */
export function bytesIn(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const found = statSync(join(folder, name), { throwIfNoEntry: false })
    if (found?.isFile()) bytes += found.size
  }
  return bytes
}
