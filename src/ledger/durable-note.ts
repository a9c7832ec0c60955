// A few kilobytes that have to outlive the process, and are no worse for being lost with the disk.

import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LedgerError } from './errors.ts'
import { createSlottedFile, fileError, openSlottedFile } from './slotted-file.ts'

export interface DurableNote {
  /** What was written last; undefined before the first. */
  readonly content: Uint8Array | undefined
  /** On disk when it resolves. One call after the other. */
  write(content: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** A damaged note begins anew. Throws LedgerError DATA_READ_ONLY, STORE_FAILED. */
export async function openDurableNote(path: string): Promise<DurableNote> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw fileError(folder, error)
  })
  try {
    return (await openSlottedFile(path)) ?? (await createSlottedFile(path))
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code !== 'DATA_CORRUPT') throw error
    await rm(path)
    return createSlottedFile(path)
  }
}
