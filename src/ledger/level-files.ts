// Reads LevelDB's files without LevelDB: says whether any byte of them was changed, and what can still be read. The
// database itself looks at its checksums only when it repairs, drops a damaged end of its log without a word, and aborts
// the process on some damaged tables. So `assent verify` asks here first.
// Source: leveldb, doc/table_format.md and doc/log_format.md.

import { assert } from '../types/assert.ts'
import { maskedCrc32c, RunningCrc32c } from './crc32c.ts'
import { decompressSnappy, SnappyError } from './snappy.ts'

export interface FileFault {
  /** In bytes from the start of the file. */
  readonly offset: number
  readonly what: string
  /** Keys in the damaged part, or next to it: what it may have been about. */
  readonly keys: readonly Uint8Array[]
}

/** One version of one key. */
export interface LevelEntry {
  readonly key: Uint8Array
  /** The highest of a key counts. */
  readonly sequence: number
  /** Undefined where the key was deleted. */
  readonly value: Uint8Array | undefined
}

export interface FileContent {
  /** In damaged parts whatever still reads like entries: it proves nothing. */
  readonly entries: readonly LevelEntry[]
  readonly faults: readonly FileFault[]
}

// ── tables (*.ldb) ──

const FOOTER_BYTES = 48
const HANDLES_BYTES = 40
const TABLE_MAGIC = 'db4775248b80fb57'
/** Compression type and CRC behind every block. */
const TRAILER_BYTES = 5
/** Sequence number and type behind every key. */
const KEY_TAG_BYTES = 8
const SNAPPY = 1

interface Handle {
  readonly offset: number
  readonly size: number
}

interface BlockEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export function readTable(file: Uint8Array): FileContent {
  const table = new TableReader(file)
  table.read()
  return table
}

class TableReader implements FileContent {
  readonly entries: LevelEntry[] = []
  readonly faults: FileFault[] = []
  private readonly file: Uint8Array

  constructor(file: Uint8Array) {
    this.file = file
  }

  read(): void {
    const footerAt = this.file.length - FOOTER_BYTES
    if (footerAt < 0) {
      this.fault(0, 'the file is too short for a table')
      return
    }
    const footer = this.file.subarray(footerAt)
    const meta = readHandle(footer, 0)
    const index = meta && readHandle(footer, meta.end)
    const isMagic = footer.subarray(HANDLES_BYTES).toReversed().toHex() === TABLE_MAGIC
    if (!isMagic || index === undefined || footer.subarray(index.end, HANDLES_BYTES).some((byte) => byte !== 0)) {
      this.fault(footerAt, 'the footer is damaged')
    }
    if (meta === undefined || index === undefined) return

    const filters = this.readBlock(meta.handle, 'meta index').map(({ value }) => readHandle(value, 0)?.handle)
    const separators = this.readBlock(index.handle, 'index')
    const data = separators.map(({ value }) => readHandle(value, 0)?.handle)
    for (const filter of filters) {
      if (filter !== undefined) this.checkBlock(filter, { what: 'filter', keys: [] })
    }
    for (const [i, handle] of data.entries()) {
      if (handle === undefined) continue
      const around = [separators[i - 1], separators[i]].flatMap((entry) => (entry ? [userKey(entry.key)] : []))
      this.readBlock(handle, 'data', around).forEach(({ key, value }) => {
        const entry = entryOf(key, value)
        if (entry !== undefined) this.entries.push(entry)
      })
    }
    this.checkCoverage([...data, ...filters, meta.handle, index.handle], footerAt)
  }

  private fault(offset: number, what: string, keys: readonly Uint8Array[] = []): void {
    this.faults.push({ offset, what, keys })
  }

  /** Between the blocks, and before the footer, there is nothing. */
  private checkCoverage(handles: readonly (Handle | undefined)[], end: number): void {
    let covered = 0
    for (const handle of handles.toSorted((a, b) => (a?.offset ?? 0) - (b?.offset ?? 0))) {
      if (handle?.offset !== covered) {
        this.fault(covered, 'bytes that belong to no block')
        return
      }
      covered = handle.offset + handle.size + TRAILER_BYTES
    }
    if (covered !== end) this.fault(covered, 'bytes that belong to no block')
  }

  private readBlock(handle: Handle, what: string, around: readonly Uint8Array[] = []): readonly BlockEntry[] {
    if (!this.isInside(handle)) {
      this.fault(handle.offset, `a ${what} block reaches beyond the file`, around)
      return []
    }
    const { entries, isWhole } = this.entriesOf(handle)
    const keys = [...entries.map(({ key }) => userKey(key)), ...around]
    if (this.checkBlock(handle, { what, keys }) && !isWhole)
      this.fault(handle.offset, `a ${what} block cannot be read`, keys)
    return entries
  }

  private checkBlock(handle: Handle, about: { what: string; keys: readonly Uint8Array[] }): boolean {
    const { offset, size } = handle
    const end = offset + size
    const isRight =
      this.isInside(handle) && maskedCrc32c(this.file.subarray(offset, end + 1)) === littleEndian(this.file, end + 1)
    if (!isRight) this.fault(offset, `a ${about.what} block does not have its checksum`, about.keys)
    return isRight
  }

  private isInside({ offset, size }: Handle): boolean {
    return offset + size + TRAILER_BYTES <= this.file.length
  }

  private entriesOf({ offset, size }: Handle): { entries: readonly BlockEntry[]; isWhole: boolean } {
    const raw = this.file.subarray(offset, offset + size)
    try {
      return parseBlock(this.file[offset + size] === SNAPPY ? decompressSnappy(raw) : raw)
    } catch (error) {
      if (error instanceof SnappyError) return { entries: [], isWhole: false }
      throw error
    }
  }
}

/** Entries as far as they can be read. */
function parseBlock(block: Uint8Array): { entries: readonly BlockEntry[]; isWhole: boolean } {
  const entries: BlockEntry[] = []
  const restarts = block.length < 4 ? 0 : littleEndian(block, block.length - 4)
  const end = block.length - 4 - 4 * restarts
  let previous: Uint8Array = new Uint8Array()
  for (let at = 0; at < end; ) {
    const shared = readVarint(block, at)
    const own = shared && readVarint(block, shared.end)
    const length = own && readVarint(block, own.end)
    if (shared === undefined || own === undefined || length === undefined) return { entries, isWhole: false }
    const valueAt = length.end + own.value
    const next = valueAt + length.value
    if (shared.value > previous.length || next > end) return { entries, isWhole: false }
    const key = new Uint8Array(shared.value + own.value)
    key.set(previous.subarray(0, shared.value))
    key.set(block.subarray(length.end, valueAt), shared.value)
    entries.push({ key, value: block.subarray(valueAt, next) })
    previous = key
    at = next
  }
  return { entries, isWhole: end >= 0 }
}

function userKey(key: Uint8Array): Uint8Array {
  return key.subarray(0, Math.max(0, key.length - KEY_TAG_BYTES))
}

function entryOf(key: Uint8Array, value: Uint8Array): LevelEntry | undefined {
  if (key.length < KEY_TAG_BYTES) return undefined
  const tag = key.subarray(key.length - KEY_TAG_BYTES)
  return { key: userKey(key), sequence: sequenceOf(tag.subarray(1)), value: tag[0] === 1 ? value : undefined }
}

function readHandle(bytes: Uint8Array, at: number): { handle: Handle; end: number } | undefined {
  const offset = readVarint(bytes, at)
  const size = offset && readVarint(bytes, offset.end)
  return offset && size && { handle: { offset: offset.value, size: size.value }, end: size.end }
}

// ── logs (*.log, MANIFEST-*) ──

const LOG_BLOCK_BYTES = 32_768
const RECORD_HEADER_BYTES = 7
const FULL = 1
const FIRST = 2
const MIDDLE = 3
const LAST = 4
/** Sequence number of the first entry, and their count. */
const BATCH_HEADER_BYTES = 12

/** `holdsBatches`: a *.log; the records of a manifest are about files, and hold no entries. */
export function readLog(file: Uint8Array, { holdsBatches }: { readonly holdsBatches: boolean }): FileContent {
  const log = new LogReader(file, holdsBatches)
  log.read()
  return log
}

class LogReader implements FileContent {
  readonly entries: LevelEntry[] = []
  readonly faults: FileFault[] = []
  private readonly file: Uint8Array
  private readonly holdsBatches: boolean
  /** Of a record that is not complete yet. */
  private fragments: Uint8Array[] | undefined

  constructor(file: Uint8Array, holdsBatches: boolean) {
    this.file = file
    this.holdsBatches = holdsBatches
  }

  read(): void {
    for (let at = 0; at < this.file.length; ) at = this.readRecord(at)
  }

  /** Answers where the next one starts. */
  private readRecord(at: number): number {
    const { file } = this
    const room = LOG_BLOCK_BYTES - (at % LOG_BLOCK_BYTES)
    if (room < RECORD_HEADER_BYTES) {
      if (file.subarray(at, at + room).some((byte) => byte !== 0)) this.fault(at, 'bytes between records are not zero')
      return at + room
    }
    const length = (file[at + 4] ?? 0) + 256 * (file[at + 5] ?? 0)
    const end = at + RECORD_HEADER_BYTES + length
    const content = file.subarray(at + RECORD_HEADER_BYTES, end)
    if (length > room - RECORD_HEADER_BYTES) {
      this.fault(at, 'a record is longer than its block', content)
      this.fragments = undefined
      return at + room
    }
    if (end > file.length) {
      this.checkUnfinished(file.subarray(at), at)
      return file.length
    }
    if (maskedCrc32c(file.subarray(at + 6, end)) !== littleEndian(file, at)) {
      this.fault(at, 'a record does not have its checksum', content)
    }
    this.take(file[at + 6] as number, { at, content })
    return end
  }

  private take(type: number, { at, content }: { at: number; content: Uint8Array }): void {
    const isStart = type === FULL || type === FIRST
    if (type < FULL || type > LAST || isStart !== (this.fragments === undefined)) {
      this.fault(at, 'a record is out of order', content)
      if (!isStart) return
      this.fragments = undefined
    }
    this.fragments = [...(this.fragments ?? []), content]
    if (type === FIRST || type === MIDDLE) return
    if (this.holdsBatches) this.entries.push(...entriesOfBatch(joinAll(this.fragments)))
    this.fragments = undefined
  }

  /**
   * A last record that ends with the file before its own end: a crash tore the write, which nobody relied on. Unless its
   * checksum fits fewer bytes: then it was whole, and its length was changed.
   */
  private checkUnfinished(rest: Uint8Array, at: number): void {
    if (rest.length < RECORD_HEADER_BYTES) return
    const stored = littleEndian(rest, 0)
    const crc = new RunningCrc32c()
    for (const byte of rest.subarray(RECORD_HEADER_BYTES - 1)) {
      crc.add(byte)
      if (crc.masked !== stored) continue
      this.fault(at, 'the length of a record was changed', rest.subarray(RECORD_HEADER_BYTES))
      return
    }
  }

  private fault(offset: number, what: string, content: Uint8Array = new Uint8Array()): void {
    const damaged = this.holdsBatches ? entriesOfBatch(joinAll([...(this.fragments ?? []), content])) : []
    // What is lost comes behind what was read last.
    const keys = [...damaged, ...this.entries.slice(-1)].map(({ key }) => key)
    this.faults.push({ offset, what, keys })
  }
}

/** Of a write batch, as far as it can be read. */
function entriesOfBatch(batch: Uint8Array): readonly LevelEntry[] {
  const entries: LevelEntry[] = []
  if (batch.length < BATCH_HEADER_BYTES) return entries
  let sequence = sequenceOf(batch.subarray(0, 7))
  for (let at = BATCH_HEADER_BYTES; at < batch.length; sequence++) {
    const type = batch[at] as number
    const keyLength = readVarint(batch, at + 1)
    if (keyLength === undefined || type > 1) break
    const keyEnd = keyLength.end + keyLength.value
    const key = batch.subarray(keyLength.end, keyEnd)
    const valueLength = type === 1 ? readVarint(batch, keyEnd) : { value: 0, end: keyEnd }
    if (valueLength === undefined || valueLength.end + valueLength.value > batch.length) break
    at = valueLength.end + valueLength.value
    entries.push({ key, sequence, value: type === 1 ? batch.subarray(valueLength.end, at) : undefined })
  }
  return entries
}

function joinAll(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
}

// ── numbers ──

function littleEndian(bytes: Uint8Array, at: number): number {
  assert(at >= 0 && at + 4 <= bytes.length, 'level files: a number lies inside its bytes')
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true)
}

/** 7 bytes; those above 2^53 are no database's. */
function sequenceOf(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0)
}

function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0
  for (let shift = 0, end = at; shift < 49; shift += 7) {
    const byte = bytes[end++]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return { value, end }
  }
  return undefined
}
