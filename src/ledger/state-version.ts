// The state after a block. What is committed is read from the store; what is not is kept as the difference to the parent
// block's state, so a chain of uncommitted blocks is a chain of differences. spec/ledger.md, "State".

import type { StateReader } from '../contracts/state-access.ts'
import type { Hash } from '../types/brand.ts'
import { type ByteString, toByteString } from './byte-string.ts'
import { STATE_ROOT_KEY, stateKey } from './keys.ts'
import { StateOverlay } from './overlay.ts'
import { decodeRoot, type Node, rootHashOf } from './state-node.ts'
import type { StateTree, TreeUpdate } from './state-tree.ts'
import type { KeyValueStore, StoreWrite } from './store.ts'

/** Entries per generation; two are kept. Holds what every block asks for: signers, roles, settings. */
const GENERATION_MAX = 16_384

/** The committed values, with those lately used in memory. */
export class StoredState {
  readonly tree: StateTree
  private readonly store: Pick<KeyValueStore, 'get'>
  private young = new Map<ByteString, Uint8Array | undefined>()
  private old = new Map<ByteString, Uint8Array | undefined>()

  constructor(store: Pick<KeyValueStore, 'get'>, tree: StateTree) {
    this.store = store
    this.tree = tree
  }

  get(key: ByteString): Uint8Array | undefined {
    let value = this.young.get(key)
    if (value !== undefined || this.young.has(key)) return value
    value = this.old.get(key)
    if (value === undefined && !this.old.has(key)) value = this.store.get(stateKey(key))
    this.keep(key, value)
    return value
  }

  keep(key: ByteString, value: Uint8Array | undefined): void {
    if (this.young.size >= GENERATION_MAX) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(key, value)
  }
}

/** Keys that a block changed; undefined stands for deleted. */
export type StateDiff = ReadonlyMap<ByteString, Uint8Array | undefined>

export class StateVersion {
  readonly stored: StoredState
  readonly root: Node | undefined
  /** From the parent's tree to this one; null once saved. */
  private update: TreeUpdate | null = null
  private diff: StateDiff = new Map()
  /** Undefined once this version is what the store holds. */
  private parent: StateVersion | undefined

  private constructor(stored: StoredState, root: Node | undefined) {
    this.stored = stored
    this.root = root
  }

  /** What the store holds. */
  static atHead(stored: StoredState, store: Pick<KeyValueStore, 'get'>): StateVersion {
    const root = store.get(STATE_ROOT_KEY)
    return new StateVersion(stored, root && decodeRoot(root))
  }

  /** `update`: what the tree makes of the difference, where it is known. */
  after(diff: StateDiff, update: TreeUpdate = this.stored.tree.update(this.root, [...diff])): StateVersion {
    const version = new StateVersion(this.stored, update.root)
    version.update = update
    version.diff = diff
    version.parent = this
    return version
  }

  /** From its parent to this version, until it is saved. */
  get change(): { readonly diff: StateDiff; readonly update: TreeUpdate } | null {
    return this.update === null ? null : { diff: this.diff, update: this.update }
  }

  get stateRoot(): Hash {
    return rootHashOf(this.root)
  }

  get(key: ByteString): Uint8Array | undefined {
    for (let version: StateVersion = this; version.parent !== undefined; version = version.parent) {
      const value = version.diff.get(key)
      if (value !== undefined || version.diff.has(key)) return value
    }
    return this.stored.get(key)
  }

  /** Keys that start with `prefix` and come behind `after`, ascending. */
  keys(range: { prefix: ByteString; after: ByteString | undefined }): Generator<ByteString> {
    return this.stored.tree.keys(this.root, range)
  }

  /** A state to write into; it keeps what is written to itself. */
  overlay(): StateOverlay {
    return new StateOverlay(this)
  }

  reader(): StateReader {
    return this.overlay()
  }

  proveKey(key: Uint8Array): {
    readonly steps: ReturnType<StateTree['prove']>['steps']
    readonly leaf: ByteString | undefined
  } {
    const { steps, leaf } = this.stored.tree.prove(this.root, toByteString(key))
    return { steps, leaf: leaf?.key }
  }

  /**
   * What makes this version, child of the stored one, the stored one. From this call on it counts as stored: give the
   * writes to the store before anything else is read.
   */
  save(): StoreWrite[] {
    const writes: StoreWrite[] = this.update === null ? [] : this.stored.tree.save(this.update)
    for (const [key, value] of this.diff) {
      this.stored.keep(key, value)
      writes.push(
        value === undefined ? { type: 'del', key: stateKey(key) } : { type: 'put', key: stateKey(key), value },
      )
    }
    this.parent = undefined
    this.diff = new Map()
    this.update = null
    return writes
  }
}
