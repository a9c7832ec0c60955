// The files of a stopped node or of a whole devnet, piece by piece: logs and JSON field by field, everything else as bytes,
// and the names of all files. Encrypted databases give their raw files here, and their rows with `readDatabase`.
//
// The time zone of a configuration is no word, a genesis file's one long text is read by chain-pieces.ts.
//
// What a logger or database writes about itself is left out where it has exactly the form it must have: time, process id,
// host name and level of pino; time stamp, thread id and sizes in LevelDB's own LOG, and the names of its files.

import { readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, relative } from 'node:path'
import { Level } from 'level'
import type { Piece } from './matcher.ts'

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
/** America/New_York is where dates are meant, not somebody's name. */
const TIME_ZONES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('timeZone'))
/** LevelDB numbers its files with six digits. */
const LEVEL_FILE = /(?<=^|\/)(\d{6}\.(ldb|log)|MANIFEST-\d{6})$/m
const LEVEL_STAMP = /^\d{4}\/\d{2}\/\d{2}-\d{2}:\d{2}:\d{2}\.\d{6} [0-9a-f]+ /
const LEVEL_SIZES = /(?<=: )\d+(?= bytes OK$)|(?<=(?:Compacted|=>|files) ?)\d+(?= bytes)/g

export interface FileReader {
  /** Paths relative to the folder, with forward slashes, that are not read. */
  readonly skip?: (path: string) => boolean
  readonly name: string
}

export function* readFolder(folder: string, { skip = () => false, name }: FileReader): Generator<Piece> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const path = relative(folder, file).replaceAll('\\', '/')
    if (skip(path)) continue
    const where = `${name}/${path}`
    yield { where: `the name of ${where}`, content: path.replace(LEVEL_FILE, '') }
    yield* readFile(readFileSync(file), { where, path })
  }
}

function* readFile(bytes: Uint8Array, { where, path }: { where: string; path: string }): Generator<Piece> {
  const text = (): string => new TextDecoder().decode(bytes)
  if (/(^|\/)(node\.log|output\.txt)$/.test(path)) yield* logPieces(text(), where)
  else if (path.endsWith('.json')) yield* jsonPieces(JSON.parse(text()), where)
  else if (/(^|\/)LOG(\.old)?$/.test(path)) {
    for (const line of text().split('\n')) {
      yield { where, content: line.replace(LEVEL_STAMP, '').replaceAll(LEVEL_SIZES, '') }
    }
  } else if (path.endsWith('/CURRENT')) yield { where, content: text().replace(LEVEL_FILE, '') }
  else yield { where, content: bytes, compressed: path.endsWith('.ldb') }
}

/** Lines of pino, or of plain text. */
export function* logPieces(text: string, where: string): Generator<Piece> {
  for (const line of text.split('\n')) {
    if (!line.startsWith('{')) yield { where, content: line }
    else yield* jsonPieces(withoutOwnFields(JSON.parse(line)), where)
  }
}

function withoutOwnFields({ level, time, pid, hostname: host, ...fields }: Record<string, unknown>): object {
  return {
    ...fields,
    ...([10, 20, 30, 40, 50, 60].includes(level as number) ? {} : { level }),
    ...(ISO_TIME.test(String(time)) ? {} : { time }),
    ...(Number.isInteger(pid) ? {} : { pid }),
    ...(host === hostname() ? {} : { host }),
  }
}

/** Texts and numbers, names of fields included. */
export function* jsonPieces(value: unknown, where: string): Generator<Piece> {
  if (typeof value === 'string' || typeof value === 'number') {
    if (!TIME_ZONES.has(String(value))) yield { where, content: value }
  } else if (typeof value === 'object' && value !== null) {
    for (const [field, child] of Object.entries(value)) {
      // The genesis as one text; its content is read as what it is, see genesisPieces().
      if (field === 'signedGenesis') continue
      if (!Array.isArray(value)) yield { where, content: field }
      yield* jsonPieces(child, where)
    }
  }
}

/** Every row of a LevelDB as it lies there, decompressed. */
export async function readDatabase(folder: string, name: string): Promise<readonly Piece[]> {
  const database = new Level<Uint8Array, Uint8Array>(folder, { keyEncoding: 'view', valueEncoding: 'view' })
  const pieces: Piece[] = []
  try {
    for await (const [key, value] of database.iterator()) {
      pieces.push({ where: `${name}, key`, content: key }, { where: `${name}, value`, content: value })
    }
  } finally {
    await database.close()
  }
  return pieces
}
