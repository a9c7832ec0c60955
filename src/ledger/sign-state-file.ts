// The file that remembers what a validator has signed, so that it never signs against it: one for each consensus key,
// outside the database. It is bound to its place: a copy or a restored backup is recognised and refused, since the
// original may have signed more. Opaque content here; consensus/sign-state.ts knows what it means.
// spec/consensus.md, section 5; spec/ledger.md, "Durability".

import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assert } from '../types/assert.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import { LedgerError } from './errors.ts'
import { differences, keepsBirth, type Place, type PlaceAttribute, placeOf, unknowns } from './file-place.ts'
import { clip, decodeSignStateRecord, encodeSignStateRecord, type SignStateRecord } from './sign-state-record.ts'
import * as refuse from './sign-state-refusal.ts'
import { createSlottedFile, fileError, openSlottedFile, type SlottedFile } from './slotted-file.ts'

/** What a running validator has of it. */
export interface SignStateFile {
  /** The sign-state that was written last; undefined before the first. */
  readonly content: Uint8Array | undefined
  /** How often this validator has started, this time included. On disk before the file is handed out. */
  readonly incarnation: number
  /** On disk when it resolves. One call after the other. */
  write(content: Uint8Array): Promise<void>
  /** For good: whoever opens the file from now on is refused with this. */
  silence(refusal: refuse.SignStateRefusal): Promise<void>
  close(): Promise<void>
}

export type SignStateOpening =
  | {
      readonly kind: 'open'
      readonly file: SignStateFile
      /** What the system does not tell about the file's place: the guard is weaker by that. */
      readonly unguarded: readonly PlaceAttribute[]
    }
  | { readonly kind: 'refused'; readonly refusal: refuse.SignStateRefusal }

export interface SignStateOptions {
  readonly dataFolder: string
  readonly key: PublicKey
  /** The key cannot have signed anything yet: a missing file is made. */
  readonly mayBegin: boolean
  /** Of this machine; asked of the system unless given. */
  readonly machine?: Hash | null
}

export function signStatePath({ dataFolder, key }: Pick<SignStateOptions, 'dataFolder' | 'key'>): string {
  return join(dataFolder, 'sign-state', key.slice(0, 16))
}

/**
 * 1. there, or made anew where nothing can have been signed; 2. of this key, in its place, in service; 3. the start is
 * counted, synced. Throws LedgerError DATA_READ_ONLY, STORE_FAILED.
 */
export async function openSignState(options: SignStateOptions): Promise<SignStateOpening> {
  const path = signStatePath(options)
  const refused = (refusal: refuse.SignStateRefusal): SignStateOpening => ({ kind: 'refused', refusal })

  // 1
  const found = await readSignState(options)
  if (found.kind === 'damaged') return refused(refuse.damaged(path))
  if (found.kind === 'missing') {
    if (!options.mayBegin) return refused(refuse.missing(path))
    return serve(await createSignState(options, { incarnation: 0, status: { kind: 'serving' }, content: null }))
  }
  const { slots } = found

  // 2
  const refusal = refusalOf(found, path)
  if (refusal !== null) {
    await slots.close()
    return refused(refusal)
  }

  // 3
  return serve(found)
}

export interface FoundSignState {
  readonly kind: 'found'
  readonly slots: SlottedFile
  readonly record: SignStateRecord
  /** Where the file is now; `record.place` is where it was made. */
  readonly place: Place
  /** Of `options.key`? The name of the file is no proof. */
  readonly isOwn: boolean
}

/** Reads without changing anything. The caller closes the slots. Throws LedgerError DATA_READ_ONLY, STORE_FAILED. */
export async function readSignState(
  options: Omit<SignStateOptions, 'mayBegin'>,
): Promise<FoundSignState | { readonly kind: 'missing' } | { readonly kind: 'damaged' }> {
  const path = signStatePath(options)
  let slots: SlottedFile | null
  try {
    slots = await openSlottedFile(path)
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'DATA_CORRUPT') return { kind: 'damaged' }
    throw error
  }
  if (slots === null) return { kind: 'missing' }
  const record = slots.content === undefined ? null : decodeSignStateRecord(slots.content)
  if (record === null) {
    // Made, and never written to: a crash came first.
    const kind = slots.content === undefined ? 'missing' : 'damaged'
    await slots.close()
    return { kind }
  }
  const place = await placeOf(slots, options.machine)
  return { kind: 'found', slots, record, place, isOwn: record.key === options.key }
}

/** What keeps this file from service, or null. */
export function refusalOf(
  { record, place, isOwn }: Pick<FoundSignState, 'record' | 'place' | 'isOwn'>,
  path: string,
): refuse.SignStateRefusal | null {
  const differing = [...(isOwn ? [] : (['consensus key'] as const)), ...differences(record.place, place)]
  if (differing.length > 0) return refuse.copied(path, differing)
  switch (record.status.kind) {
    case 'serving':
      return null
    case 'awaiting':
      return refuse.awaiting(path, record.status.ticket)
    case 'moved':
      return refuse.moved(path, record.status.to)
    case 'silenced':
      return record.status.refusal
  }
}

/** `content`: undefined where nothing was signed. */
export type SignedUnder =
  | { readonly kind: 'found'; readonly content: Uint8Array | undefined }
  | { readonly kind: 'refused'; readonly refusal: refuse.SignStateRefusal }

/** What was signed under a key whose file is in service here; for the key that replaces it. */
export async function readSignedUnder(options: Omit<SignStateOptions, 'mayBegin'>): Promise<SignedUnder> {
  const path = signStatePath(options)
  const found = await readSignState(options)
  if (found.kind === 'missing') return { kind: 'refused', refusal: refuse.missing(path) }
  if (found.kind === 'damaged') return { kind: 'refused', refusal: refuse.damaged(path) }
  await found.slots.close()
  const refusal = refusalOf(found, path)
  return refusal === null ? { kind: 'found', content: found.record.content ?? undefined } : { kind: 'refused', refusal }
}

/** A file in a place of its own, not yet in service for anybody. */
export async function createSignState(
  options: Omit<SignStateOptions, 'mayBegin'>,
  record: Omit<SignStateRecord, 'key' | 'place'>,
): Promise<FoundSignState> {
  const path = signStatePath(options)
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw fileError(folder, error)
  })
  const slots = (await openSlottedFile(path)) ?? (await createSlottedFile(path))
  assert(slots.content === undefined, 'never written over')
  const place = await placeOf(slots, options.machine)
  const withBirth: SignStateRecord = { ...record, key: options.key, place }
  const without: SignStateRecord = { ...withBirth, place: { ...place, bornNs: null } }
  const write = (made: SignStateRecord): Promise<void> => slots.write(encodeSignStateRecord(made))
  await write(without)
  const complete = (await keepsBirth(slots, () => write(without))) ? withBirth : without
  await write(complete)
  return { kind: 'found', slots, record: complete, place, isOwn: true }
}

async function serve({ slots, record, place }: FoundSignState): Promise<SignStateOpening> {
  const file = new ServingSignState(slots, { ...record, incarnation: record.incarnation + 1 })
  await file.sync()
  return { kind: 'open', file, unguarded: unknowns(record.place, place) }
}

class ServingSignState implements SignStateFile {
  readonly #slots: SlottedFile
  #record: SignStateRecord

  constructor(slots: SlottedFile, record: SignStateRecord) {
    this.#slots = slots
    this.#record = record
  }

  get content(): Uint8Array | undefined {
    return this.#record.content ?? undefined
  }

  get incarnation(): number {
    return this.#record.incarnation
  }

  sync(): Promise<void> {
    return this.#slots.write(encodeSignStateRecord(this.#record))
  }

  async write(content: Uint8Array): Promise<void> {
    assert(this.#record.status.kind === 'serving', 'a silenced validator signs nothing')
    const record = { ...this.#record, content }
    await this.#slots.write(encodeSignStateRecord(record))
    this.#record = record
  }

  async silence(refusal: refuse.SignStateRefusal): Promise<void> {
    this.#record = { ...this.#record, status: { kind: 'silenced', refusal: { ...refusal, text: clip(refusal.text) } } }
    await this.sync()
  }

  close(): Promise<void> {
    return this.#slots.close()
  }
}
