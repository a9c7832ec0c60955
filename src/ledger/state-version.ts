// The state after a block. What is committed is read from the store; what is not is kept as the difference to the parent
// block's state, so a chain of uncommitted blocks is a chain of differences. spec/ledger.md, "State".

import type { StateReader } from '../contracts/state-access.ts'
import type { Hash } from '../types/brand.ts'
import { remembered } from '../types/remembered.ts'
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

/** Has a block written into the maps of this contract? spec/clause.md, "State in bytes". */
export function writesInto(diff: StateDiff, contract: string): boolean {
  const prefix = `${contract}\0`
  for (const key of diff.keys()) if (key.startsWith(prefix)) return true
  return false
}

/** From one version to the next. */
export interface StateChange {
  readonly diff: StateDiff
  /** What the tree makes of it. */
  readonly update: TreeUpdate
}

const writeDiff = remembered((diff: StateDiff): readonly StoreWrite[] =>
  Array.from(diff, ([key, value]) =>
    value === undefined ? { type: 'del', key: stateKey(key) } : { type: 'put', key: stateKey(key), value },
  ),
)

export class StateVersion {
  readonly stored: StoredState
  readonly root: Node | undefined
  /** From the parent to this one; null once this version is what the store holds, like the parent. */
  private change: StateChange | null = null
  private parent: StateVersion | null = null

  private constructor(stored: StoredState, root: Node | undefined) {
    this.stored = stored
    this.root = root
  }

  /** What the store holds. */
  static atHead(stored: StoredState, store: Pick<KeyValueStore, 'get'>): StateVersion {
    const root = store.get(STATE_ROOT_KEY)
    return new StateVersion(stored, root && decodeRoot(root))
  }

  after(diff: StateDiff): StateVersion {
    return this.afterChange(this.changeBy(diff))
  }

  changeBy(diff: StateDiff): StateChange {
    return { diff, update: this.stored.tree.update(this.root, [...diff]) }
  }

  afterChange(change: StateChange): StateVersion {
    const version = new StateVersion(this.stored, change.update.root)
    version.change = change
    version.parent = this
    return version
  }

  get stateRoot(): Hash {
    return rootHashOf(this.root)
  }

  get(key: ByteString): Uint8Array | undefined {
    for (
      let version: StateVersion = this;
      version.change !== null && version.parent !== null;
      version = version.parent
    ) {
      const { diff } = version.change
      const value = diff.get(key)
      if (value !== undefined || diff.has(key)) return value
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
  save(): readonly StoreWrite[] {
    const { change } = this
    this.parent = null
    this.change = null
    if (change === null) return []
    for (const [key, value] of change.diff) this.stored.keep(key, value)
    return [...this.stored.tree.save(change.update), ...writeDiff(change.diff)]
  }
}
