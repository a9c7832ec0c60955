// The part of a LevelDB that the vault uses. `Level` of the package level is the real one, `MemoryLevel` of memory-level
// its twin for tests; both are opened with text keys and byte values.

import { Level } from 'level'
import { VaultError } from './errors.ts'

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

interface Range {
  readonly gt?: string
  readonly lt?: string
  readonly limit?: number
}

export interface Database {
  open(): Promise<void>
  close(): Promise<void>
  get(key: string): Promise<Uint8Array | undefined>
  /** All or nothing. */
  batch(operations: Operation[], options: { sync: boolean }): Promise<void>
  keys(range: Range): AsyncIterable<string>
  iterator(range: Range): AsyncIterable<[string, Uint8Array]>
  /** Real one only: drops overwritten and deleted values from the files. */
  compactRange?(start: string, end: string): Promise<void>
}

/** A LevelDB in a folder, which is made when it is not there. */
export function createDatabase(folder: string): Database {
  return new Level<string, Uint8Array>(folder, { keyEncoding: 'utf8', valueEncoding: 'view' }) as Database
}

/** Opening takes the folder's lock. Throws `FOLDER`. */
export async function openDatabase(database: Database): Promise<void> {
  try {
    await database.open()
  } catch (cause) {
    const { code } = (cause as { cause?: { code?: string } }).cause ?? {}
    const why = code === 'LEVEL_LOCKED' ? 'in use by another process' : 'not writable, or damaged'
    throw new VaultError('FOLDER', `vault folder: cannot be opened (${why})`, { cause })
  }
}
