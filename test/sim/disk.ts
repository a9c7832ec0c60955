// A simulated node's disk: the ledger's store, the sign-state files and proofs of lies on one device with one fate. What was not synced can be
// lost in a crash, the latest first; what is being synced may or may not survive. A write is whole or absent, as LevelDB's
// checksummed log and the file's two slots make it: a torn one is gone. Rotten bits are noticed when they are read.

import { type ByteString, fromByteString, toByteString } from '../../src/ledger/byte-string.ts'
import type { DurableNote } from '../../src/ledger/durable-note.ts'
import { LedgerError } from '../../src/ledger/errors.ts'
import { MemoryStore } from '../../src/ledger/memory-store.ts'
import type { SignedUnder, SignStateFile } from '../../src/ledger/sign-state-file.ts'
import type { SignStateRefusal } from '../../src/ledger/sign-state-refusal.ts'
import type { KeyValueStore, StoreEntry, StoreRange, StoreSnapshot, StoreWrite } from '../../src/ledger/store.ts'
import { EvidenceMemory } from '../../src/node/evidence-files.ts'
import type { SigningRight } from '../../src/node/signing-right.ts'
import type { SnapshotPlace } from '../../src/node/snapshot-place.ts'
import type { PublicKey } from '../../src/types/brand.ts'
import type { Random } from './random.ts'

export interface DiskPorts {
  /** After that time, while the node that asked is still running. */
  readonly after: (delayMs: number, run: () => void) => void
  readonly random: Random
  /** What the node is about to make durable. */
  readonly onSignState: (content: Uint8Array) => void
}

/** What a disk does besides its work. */
export interface DiskHealth {
  /** Of one sync, on average. */
  syncMs: number
  /** The next sync fails, and every one behind it: the device has gone. */
  failsSync: boolean
}

interface Undo {
  readonly key: ByteString
  readonly value: Uint8Array | undefined
}

export class Disk {
  readonly health: DiskHealth = { syncMs: 0.4, failsSync: false }
  store: DiskStore
  /** One for each consensus key, and the other validators' starts beside them. */
  readonly #signStates = new Map<PublicKey, DiskSignState>()
  readonly #heard = new DiskNote(this)
  /** Written through: a piece that was taken in is there after a crash. */
  evidence = new EvidenceMemory()
  readonly ports: DiskPorts

  constructor(ports: DiskPorts, image: ReadonlyMap<ByteString, Uint8Array>) {
    this.ports = ports
    this.store = new DiskStore(this, image)
  }

  signStateOf(key: PublicKey): DiskSignState {
    const known = this.#signStates.get(key) ?? new DiskSignState(this, this.#heard)
    this.#signStates.set(key, known)
    return known
  }

  /** Resolves when what was written before is safe. Never, when the machine stops first. */
  sync(what: string): Promise<void> {
    const { after, random } = this.ports
    return new Promise((resolve, reject) => {
      after(this.health.syncMs * (0.5 + random.around(0.5)), () => {
        if (this.health.failsSync)
          reject(new LedgerError('STORE_FAILED', `${what}: the simulated disk refused to sync`))
        else resolve()
      })
    })
  }

  /** Another store in its place: what was there is lost. */
  replaceStore(image: ReadonlyMap<ByteString, Uint8Array>): void {
    this.store = new DiskStore(this, image)
  }

  /** Where a snapshot is built; `complete`: the next start takes it as the ledger. */
  readonly snapshotPlace: SnapshotPlace = {
    create: async () => {
      this.#incoming = new DiskStore(this, new Map())
      return this.#incoming
    },
    complete: async () => {
      this.#complete = this.#incoming
    },
    pieces: async () => new MemoryStore(),
    forget: () => undefined,
  }
  #incoming: DiskStore | null = null
  #complete: DiskStore | null = null

  /** Before the ledger is opened. Whether it did. */
  adoptSnapshot(): boolean {
    const store = this.#complete
    this.#incoming = null
    this.#complete = null
    if (store !== null) this.store = store
    return store !== null
  }

  /** What an operator keeps: everything on it, as it is now. */
  backUp(): () => void {
    const entries = this.store.copy()
    const signStates = [...this.#signStates.values()].map((signState) => signState.backUp())
    const { content: heard } = this.#heard
    const evidence = this.evidence.copy()
    return () => {
      this.replaceStore(entries)
      for (const restore of signStates) restore()
      this.#heard.content = heard
      this.evidence = evidence
    }
  }

  /** An orderly end: everything that was written is safe. */
  settle(): void {
    this.store.crash(0)
    for (const signState of this.#signStates.values()) signState.crash(false)
  }

  /** Power is gone: what had not been synced survives in part. Answers how many writes were lost. */
  crash(): { readonly lost: number; readonly torn: boolean } {
    const { random } = this.ports
    const lost = this.store.crash(random.below(this.store.unsynced + 1))
    const isTorn = random.chance(0.5)
    const torn = [...this.#signStates.values()].filter((signState) => signState.crash(isTorn)).length > 0
    this.health.failsSync = false
    return { lost, torn }
  }
}

export class DiskStore implements KeyValueStore {
  readonly #disk: Disk
  readonly #entries: Map<ByteString, Uint8Array>
  /** Of the writes since the last finished sync, oldest first: how to take each back. */
  #undo: (readonly Undo[])[] = []
  /** Writes ever forgotten by a finished sync. */
  #settled = 0
  readonly #rotten = new Set<ByteString>()

  constructor(disk: Disk, image: ReadonlyMap<ByteString, Uint8Array>) {
    this.#disk = disk
    this.#entries = new Map(image)
  }

  copy(): ReadonlyMap<ByteString, Uint8Array> {
    return new Map(this.#entries)
  }

  get unsynced(): number {
    return this.#undo.length
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const name = toByteString(key)
    this.#checkRot(name)
    return this.#entries.get(name)
  }

  async *range({ from, to, reverse = false, limit = Number.POSITIVE_INFINITY }: StoreRange): AsyncIterable<StoreEntry> {
    const first = toByteString(from)
    const end = toByteString(to)
    const keys = [...this.#entries.keys()].filter((key) => first <= key && key < end).sort()
    if (reverse) keys.reverse()
    for (const key of keys.slice(0, limit)) {
      this.#checkRot(key)
      yield [fromByteString(key), this.#entries.get(key) as Uint8Array]
    }
  }

  async write(writes: readonly StoreWrite[], { sync }: { readonly sync: boolean }): Promise<void> {
    const entries = this.#entries
    this.#undo.push(
      writes.map((write) => {
        const key = toByteString(write.key)
        const undo = { key, value: entries.get(key) }
        if (write.type === 'put') entries.set(key, write.value)
        else entries.delete(key)
        if (this.#rotten.size > 0) this.#rotten.delete(key)
        return undo
      }),
    )
    if (!sync) return
    const covered = this.#settled + this.#undo.length
    await this.#disk.sync('store')
    if (covered <= this.#settled) return
    this.#undo = this.#undo.slice(covered - this.#settled)
    this.#settled = covered
  }

  snapshot(): StoreSnapshot {
    const entries = new Map(this.#entries)
    return { get: (key) => entries.get(toByteString(key)), close: async () => undefined }
  }

  async close(): Promise<void> {}

  /** Takes back the last `lost` unsynced writes; the others are safe now. */
  crash(lost: number): number {
    for (const undo of this.#undo.splice(this.#undo.length - lost).reverse()) {
      for (const { key, value } of undo.toReversed()) {
        if (value === undefined) this.#entries.delete(key)
        else this.#entries.set(key, value)
      }
    }
    this.#settled += this.#undo.length
    this.#undo = []
    return lost
  }

  /** One bit of one value turns: its checksum does not fit any more. */
  rot(random: Random): void {
    const names = [...this.#entries.keys()]
    if (names.length > 0) this.#rotten.add(random.pick(names))
  }

  get isRotten(): boolean {
    return this.#rotten.size > 0
  }

  #checkRot(name: ByteString): void {
    if (this.#rotten.size > 0 && this.#rotten.has(name)) {
      throw new LedgerError('DATA_CORRUPT', 'a block of the simulated disk does not fit its checksum')
    }
  }
}

/** Two slots written in turn: a torn write leaves the one before. */
export class DiskSignState implements SignStateFile {
  readonly #disk: Disk
  /** What the running node reads and wrote. */
  content: Uint8Array | undefined = undefined
  incarnation = 0
  /** Of the other validators' starts. */
  readonly heard: DurableNote
  /** Why its validator may not sign any more. */
  refusal: SignStateRefusal | null = null
  #safe: Uint8Array | undefined = undefined

  constructor(disk: Disk, heard: DurableNote) {
    this.#disk = disk
    this.heard = heard
  }

  get signed(): SignedUnder {
    const { content, refusal } = this
    return refusal === null ? { kind: 'found', content } : { kind: 'refused', refusal }
  }

  /** At every start of the process. */
  open(): SigningRight {
    if (this.refusal !== null) return { kind: 'refused', refusal: this.refusal }
    this.incarnation++
    return { kind: 'granted', file: this, heard: this.heard }
  }

  backUp(): () => void {
    const { content, incarnation } = this
    return () => {
      this.content = content
      this.#safe = content
      this.incarnation = incarnation
    }
  }

  async silence(refusal: SignStateRefusal): Promise<void> {
    this.refusal = refusal
  }

  async write(content: Uint8Array): Promise<void> {
    this.#disk.ports.onSignState(content)
    this.content = content
    await this.#disk.sync('sign-state')
    this.#safe = content
  }

  async close(): Promise<void> {}

  /** Answers whether a write under way was torn. */
  crash(isTorn: boolean): boolean {
    const isPending = this.content !== this.#safe
    if (isPending && isTorn) this.content = this.#safe
    this.#safe = this.content
    return isPending && isTorn
  }
}

class DiskNote implements DurableNote {
  readonly #disk: Disk
  content: Uint8Array | undefined = undefined

  constructor(disk: Disk) {
    this.#disk = disk
  }

  async write(content: Uint8Array): Promise<void> {
    await this.#disk.sync('note')
    this.content = content
  }

  async close(): Promise<void> {}
}
