// Evidence on disk: one file a piece, named by its hash. Small, few, and never needed to sign: a folder does.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Hash } from '../types/brand.ts'

export interface EvidenceStore {
  /** What was saved, in any order. Whoever loads checks it again. */
  load(): readonly Uint8Array[]
  /** On disk when it returns. */
  save(hash: Hash, encoded: Uint8Array): void
}

/** Memory twin. */
export class EvidenceMemory implements EvidenceStore {
  readonly #pieces: Map<Hash, Uint8Array>

  constructor(pieces: ReadonlyMap<Hash, Uint8Array> = new Map()) {
    this.#pieces = new Map(pieces)
  }

  /** What it holds now, and no more later on. */
  copy(): EvidenceMemory {
    return new EvidenceMemory(this.#pieces)
  }

  load(): readonly Uint8Array[] {
    return [...this.#pieces.values()]
  }

  save(hash: Hash, encoded: Uint8Array): void {
    this.#pieces.set(hash, encoded)
  }
}

const NAME = /^[0-9a-f]{64}$/

export class EvidenceFiles implements EvidenceStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  load(): readonly Uint8Array[] {
    if (!existsSync(this.#folder)) return []
    const names = readdirSync(this.#folder).filter((name) => NAME.test(name))
    return names.map((name) => Uint8Array.from(readFileSync(join(this.#folder, name))))
  }

  save(hash: Hash, encoded: Uint8Array): void {
    mkdirSync(this.#folder, { recursive: true })
    const file = join(this.#folder, hash)
    const written = `${file}.new`
    const handle = openSync(written, 'w', 0o600)
    try {
      writeSync(handle, encoded)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(written, file)
  }
}
