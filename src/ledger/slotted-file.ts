// A small file that is written in place, whole or not at all: two slots in turn, each complete in itself, so a torn write
// leaves the other one whole. It stays the same file of the system for ever (sign-state-file.ts relies on that).
//
//   magic (8) | sequence (8) | length (4) | content | SHA-256 over all of that (32)
//
// The valid slot with the higher sequence counts. A write that was torn was never relied on: nothing is sent before it
// is synced. spec/ledger.md, "Durability".

import type { BigIntStats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sha256Hex } from '../crypto/hash.ts'
import { assert } from '../types/assert.ts'
import { LedgerError } from './errors.ts'

const MAGIC = 0x6173_7365_6e74_5302n // "assentS", version 2
const HEADER_BYTES = 20
const DIGEST_BYTES = 32
/** Room for one slot. */
const SLOT_BYTES = 8_192
export const SLOT_CONTENT_BYTES_MAX = SLOT_BYTES - HEADER_BYTES - DIGEST_BYTES

interface Slot {
  readonly sequence: bigint
  readonly content: Uint8Array
}

/** Null where there is no file. Throws LedgerError DATA_CORRUPT, DATA_READ_ONLY, STORE_FAILED. */
export async function openSlottedFile(path: string): Promise<SlottedFile | null> {
  const file = await openExisting(path)
  if (file === null) return null
  try {
    const bytes = await file.readFile()
    const slots = [readSlot(bytes.subarray(0, SLOT_BYTES)), readSlot(bytes.subarray(SLOT_BYTES, 2 * SLOT_BYTES))]
    const newest = slots.reduce((a, b) => (a === undefined || (b !== undefined && b.sequence > a.sequence) ? b : a))
    // An empty file was made and never written to: a crash came first.
    if (newest === undefined && bytes.length > 0) {
      throw new LedgerError('DATA_CORRUPT', `sign-state file ${path}: damaged`)
    }
    return new SlottedFile(file, newest)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** A new file, mode 0600, with nothing in it. Throws LedgerError DATA_READ_ONLY, STORE_FAILED. */
export async function createSlottedFile(path: string): Promise<SlottedFile> {
  try {
    const file = await open(path, 'wx+', 0o600)
    await file.sync()
    await syncFolder(dirname(path))
    return new SlottedFile(file, undefined)
  } catch (error) {
    throw fileError(path, error)
  }
}

async function openExisting(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fileError(path, error)
  }
}

export function fileError(path: string, cause: unknown): LedgerError {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    const advice = "make it writable for this program's user alone"
    return new LedgerError('DATA_READ_ONLY', `sign-state file ${path}: cannot be written to; ${advice}`, { cause })
  }
  return new LedgerError('STORE_FAILED', `sign-state file ${path}: cannot be used (${code})`, { cause })
}

/** So that a file's name survives a crash, too. Windows cannot sync folders and needs not. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export class SlottedFile {
  /** What was written last; undefined in a new file. */
  content: Uint8Array | undefined
  private readonly file: FileHandle
  private sequence: bigint

  constructor(file: FileHandle, newest: Slot | undefined) {
    this.file = file
    this.content = newest?.content
    this.sequence = newest?.sequence ?? 0n
  }

  stat(): Promise<BigIntStats> {
    return this.file.stat({ bigint: true })
  }

  /** On disk when it resolves. One call after the other. */
  async write(content: Uint8Array): Promise<void> {
    const sequence = this.sequence + 1n
    const slot = encodeSlot({ sequence, content })
    try {
      await this.file.write(slot, 0, slot.length, sequence % 2n === 0n ? 0 : SLOT_BYTES)
      await this.file.datasync()
    } catch (cause) {
      throw new LedgerError('STORE_FAILED', 'sign-state file: the disk refused a write', { cause })
    }
    this.sequence = sequence
    this.content = content
  }

  close(): Promise<void> {
    return this.file.close()
  }
}

function encodeSlot({ sequence, content }: Slot): Buffer {
  assert(content.length <= SLOT_CONTENT_BYTES_MAX, 'sign-state: fits its slot')
  const end = HEADER_BYTES + content.length
  const slot = Buffer.alloc(end + DIGEST_BYTES)
  slot.writeBigUInt64BE(MAGIC, 0)
  slot.writeBigUInt64BE(sequence, 8)
  slot.writeUInt32BE(content.length, 16)
  slot.set(content, HEADER_BYTES)
  slot.write(sha256Hex(slot.subarray(0, end)), end, 'hex')
  return slot
}

/** Undefined for a slot that was never or not wholly written. */
function readSlot(bytes: Buffer): Slot | undefined {
  if (bytes.length < HEADER_BYTES + DIGEST_BYTES || bytes.readBigUInt64BE(0) !== MAGIC) return undefined
  const length = bytes.readUInt32BE(16)
  const end = HEADER_BYTES + length
  if (end + DIGEST_BYTES > bytes.length) return undefined
  if (sha256Hex(bytes.subarray(0, end)) !== bytes.toString('hex', end, end + DIGEST_BYTES)) return undefined
  return { sequence: bytes.readBigUInt64BE(8), content: Uint8Array.from(bytes.subarray(HEADER_BYTES, end)) }
}
