// The file that remembers what a validator has signed, so that it never signs against it. It stands outside the
// database: a backup must not contain it. Opaque bytes here; consensus/sign-state.ts knows what they mean.
//
// Two slots are written in turn, each complete in itself, so a torn write leaves the other one whole:
//   magic (8) | sequence (8) | length (4) | content | SHA-256 over all of that (32)
// The valid slot with the higher sequence counts. A write that was torn was never relied on: nothing is sent before it
// is synced. spec/ledger.md, "Durability".

import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sha256Hex } from '../crypto/hash.ts'
import { assert } from '../types/assert.ts'
import { LedgerError } from './errors.ts'

const MAGIC = 0x6173_7365_6e74_5301n // "assentS", version 1
const HEADER_BYTES = 20
const DIGEST_BYTES = 32
/** Room for one slot. */
const SLOT_BYTES = 8_192
export const SIGN_STATE_BYTES_MAX = SLOT_BYTES - HEADER_BYTES - DIGEST_BYTES

interface Slot {
  readonly sequence: bigint
  readonly content: Uint8Array
}

export interface SignStateFile {
  /** What was written last; undefined in a new file. */
  readonly content: Uint8Array | undefined
  /** On disk when it resolves. One call after the other. */
  write(content: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** Opens the file, or makes it with mode 0600. Throws LedgerError DATA_CORRUPT, DATA_READ_ONLY, STORE_FAILED. */
export async function openSignStateFile(path: string): Promise<SignStateFile> {
  const { file, isNew } = await openOrCreate(path)
  try {
    if (isNew) {
      await file.sync()
      await syncFolder(dirname(path))
      return new SlottedFile(file, undefined)
    }
    const bytes = await file.readFile()
    const slots = [readSlot(bytes.subarray(0, SLOT_BYTES)), readSlot(bytes.subarray(SLOT_BYTES, 2 * SLOT_BYTES))]
    const newest = slots.reduce((a, b) => (a === undefined || (b !== undefined && b.sequence > a.sequence) ? b : a))
    // An empty file was made and never written to: a crash came first.
    if (newest === undefined && bytes.length > 0) {
      const advice = 'this validator needs a new consensus key: what it signed is no longer known'
      throw new LedgerError('DATA_CORRUPT', `sign-state file ${path}: damaged; ${advice}`)
    }
    return new SlottedFile(file, newest)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openOrCreate(path: string): Promise<{ file: FileHandle; isNew: boolean }> {
  try {
    return { file: await open(path, 'r+'), isNew: false }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(path, error)
  }
  try {
    return { file: await open(path, 'wx+', 0o600), isNew: true }
  } catch (error) {
    throw fileError(path, error)
  }
}

function fileError(path: string, cause: unknown): LedgerError {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    const advice = "make it writable for this program's user alone"
    return new LedgerError('DATA_READ_ONLY', `sign-state file ${path}: cannot be written to; ${advice}`, { cause })
  }
  return new LedgerError('STORE_FAILED', `sign-state file ${path}: cannot be used (${code})`, { cause })
}

/** So that the file's name survives a crash, too. Windows cannot sync folders and needs not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

class SlottedFile implements SignStateFile {
  content: Uint8Array | undefined
  private readonly file: FileHandle
  private sequence: bigint

  constructor(file: FileHandle, newest: Slot | undefined) {
    this.file = file
    this.content = newest?.content
    this.sequence = newest?.sequence ?? 0n
  }

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
  assert(content.length <= SIGN_STATE_BYTES_MAX, 'sign-state: fits its slot')
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
