// The authenticated state: a compressed octal Merkle trie over the keys themselves, in their order. Its root depends on
// the content alone. The order gives execution its ranges without waiting for the disk (LevelDB's iterators are
// asynchronous), and lets a proof show that a range is complete. spec/ledger.md, "State tree".
//
// Versions share what they have in common. A branch whose children are stored may let them go and read them back, so
// memory holds the upper levels and what was used lately; how many branches, `branchesKept` says.

import { sha256Hex } from '../crypto/hash.ts'
import { DIGITS, digitAt, firstDifference, prefixOf } from '../crypto/state-digits.ts'
import { hashLeaf, type ProofStep, rankOf, type StateProof } from '../crypto/state-proof.ts'
import { assert } from '../types/assert.ts'
import type { Hash } from '../types/brand.ts'
import { remembered } from '../types/remembered.ts'
import { type ByteString, fromByteString } from './byte-string.ts'
import { STATE_ROOT_KEY } from './keys.ts'
import {
  addressOf,
  type Branch,
  createBranch,
  encodeChildren,
  encodeRoot,
  type Leaf,
  loadChildren,
  type Node,
} from './state-node.ts'
import type { KeyValueStore, StoreWrite } from './store.ts'

/** About 1 kB each, with their leaves. */
const BRANCHES_KEPT = 32_768
/** So much fuller than `branchesKept` the cache may get before it is swept. */
const SWEEP_AT = 1.25
/** A path of 3 digits a byte still fits a uint16. */
export const STATE_KEY_BYTES_MAX = 4_096

/** A key's new value; undefined deletes it. */
export type StateChange = readonly [key: ByteString, value: Uint8Array | undefined]

export interface TreeUpdate {
  readonly root: Node | undefined
  /** Branches that the old version has not. */
  readonly added: readonly Branch[]
  /** Branches of the old version that the new one has not, nor a successor in their place. */
  readonly removed: readonly Branch[]
}

interface LeafChange {
  readonly key: ByteString
  readonly hash: Hash | undefined
}

/** Positions [from, to) in the sorted changes or leaves. */
interface Span {
  readonly from: number
  readonly to: number
}

type Slots = (Node | undefined)[]

export class StateTree {
  private readonly store: Pick<KeyValueStore, 'get'>
  private readonly branchesKept: number
  /** Stored branches with their children in memory, the longest there first. */
  private readonly loaded = new Set<Branch>()

  constructor(store: Pick<KeyValueStore, 'get'>, { branchesKept = BRANCHES_KEPT }: { branchesKept?: number } = {}) {
    this.store = store
    this.branchesKept = branchesKept
  }

  /** The version after `changes`, each key once, in any order. */
  update(root: Node | undefined, changes: readonly StateChange[]): TreeUpdate {
    const sorted = changes.map(leafChange).sort((a, b) => (a.key < b.key ? -1 : 1))
    const update = new Update(this, sorted)
    const { added, removed } = update
    return { root: update.apply(root, { from: 0, to: sorted.length }), added, removed }
  }

  /** Keys that start with `prefix` and come behind `after`, ascending. */
  *keys(
    root: Node | undefined,
    { prefix, after }: { prefix: ByteString; after: ByteString | undefined },
  ): Generator<ByteString> {
    const waiting: Node[] = root === undefined ? [] : [root]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (node.kind === 'leaf') {
        if (node.key.startsWith(prefix) && (after === undefined || node.key > after)) yield node.key
        continue
      }
      const { first, last } = this.spanOf(node, { prefix, after })
      const children = this.childrenOf(node)
      for (let digit = last; digit >= first; digit--) {
        if ((node.mask & (1 << digit)) !== 0) waiting.push(children[rankOf(node.mask, digit)] as Node)
      }
    }
  }

  /** The digits of a branch below which there can be keys of the range; first > last when there are none. */
  private spanOf(
    node: Branch,
    { prefix, after }: { prefix: ByteString; after: ByteString | undefined },
  ): { first: number; last: number } {
    const none = { first: 1, last: 0 }
    const stated = 3 * prefix.length
    const common = Math.min(stated, node.depth)
    if (firstDifference(prefix, node.prefix, common) < common) return none
    let first = 0
    let last = DIGITS - 1
    if (node.depth < stated) first = last = digitAt(prefix, node.depth)
    if (after !== undefined) {
      const parting = firstDifference(after, node.prefix, node.depth)
      if (parting === node.depth) first = Math.max(first, digitAt(after, node.depth))
      else if (digitAt(after, parting) > digitAt(node.prefix, parting)) return none
    }
    return { first, last }
  }

  /** That `key` is there, or that it is not. */
  prove(root: Node | undefined, key: ByteString): Pick<StateProof, 'steps'> & { readonly leaf: Leaf | undefined } {
    const steps: ProofStep[] = []
    let node = root
    while (node?.kind === 'branch') {
      const { depth, mask } = node
      const digit = digitAt(key, depth)
      const children = this.childrenOf(node)
      const taken: Node | undefined = (mask & (1 << digit)) === 0 ? undefined : children[rankOf(mask, digit)]
      steps.push({ depth, mask, siblings: children.filter((child) => child !== taken).map(({ hash }) => hash) })
      node = taken
    }
    return { steps, leaf: node }
  }

  childrenOf(branch: Branch): readonly Node[] {
    branch.isRecent = true
    if (branch.children !== undefined) return branch.children
    branch.children = loadChildren(branch, this.store.get(addressOf(branch)))
    this.remember(branch)
    return branch.children
  }

  /** What to write so that the store, which holds the old version, holds the new one; it then counts as stored. */
  save(update: TreeUpdate): readonly StoreWrite[] {
    const writes = writeUpdate(update)
    for (const branch of update.added) {
      branch.isStored = true
      this.remember(branch)
    }
    return writes
  }

  private remember(branch: Branch): void {
    this.loaded.add(branch)
    if (this.loaded.size > this.branchesKept * SWEEP_AT) this.letGo()
  }

  /** Second chance: the first time round, what was used lately stays. Many at once: a set is slow to shrink singly. */
  private letGo(): void {
    for (let round = 0; round < 2; round++) {
      for (const branch of this.loaded) {
        if (this.loaded.size <= this.branchesKept) return
        if (branch.isRecent) {
          branch.isRecent = false
          continue
        }
        branch.children = undefined
        this.loaded.delete(branch)
      }
    }
  }
}

const writeUpdate = remembered(({ root, added, removed }: TreeUpdate): readonly StoreWrite[] => {
  const writes: StoreWrite[] = removed.map((branch) => ({ type: 'del', key: addressOf(branch) }))
  for (const branch of added) {
    const { mask, children } = branch
    assert(children !== undefined, 'state tree: a branch that is not stored has its children in memory')
    writes.push({ type: 'put', key: addressOf(branch), value: encodeChildren(mask, children, branch) })
  }
  writes.push({ type: 'put', key: STATE_ROOT_KEY, value: encodeRoot(root) })
  return writes
})

/** One update on its way through the tree: every branch is visited once, however many changes lie below it. */
class Update {
  readonly added: Branch[] = []
  readonly removed: Branch[] = []
  private readonly tree: StateTree
  private readonly changes: readonly LeafChange[]

  constructor(tree: StateTree, changes: readonly LeafChange[]) {
    this.tree = tree
    this.changes = changes
  }

  /** All changes of the span lie where `node` stands. */
  apply(node: Node | undefined, span: Span): Node | undefined {
    if (span.from === span.to) return node
    if (node === undefined) return this.build(this.leavesOf(span, undefined))
    if (node.kind === 'leaf') return this.build(this.leavesOf(span, node))
    const first = firstDifference(this.keyAt(span.from), node.prefix, node.depth)
    const last = firstDifference(this.keyAt(span.to - 1), node.prefix, node.depth)
    const parting = Math.min(first, last)
    return parting < node.depth ? this.splitAbove(node, parting, span) : this.descend(node, span)
  }

  private descend(node: Branch, span: Span): Node | undefined {
    const slots: Slots = new Array(DIGITS).fill(undefined)
    let rank = 0
    const children = this.tree.childrenOf(node)
    for (let digit = 0; digit < DIGITS; digit++) {
      if ((node.mask & (1 << digit)) !== 0) slots[digit] = children[rank++]
    }
    this.applyByDigit(slots, node.depth, span)
    const after = this.join(node, slots)
    if (after?.kind !== 'branch' || after.depth !== node.depth) this.removed.push(node)
    return after
  }

  /** Some keys of the span part from the branch's own before its depth: a branch is needed there. */
  private splitAbove(node: Branch, depth: number, span: Span): Node | undefined {
    const slots: Slots = new Array(DIGITS).fill(undefined)
    slots[digitAt(node.prefix, depth)] = node
    this.applyByDigit(slots, depth, span)
    return this.join({ depth, prefix: prefixOf(node.prefix, depth) }, slots)
  }

  private applyByDigit(slots: Slots, depth: number, { from, to }: Span): void {
    let start = from
    while (start < to) {
      const digit = digitAt(this.keyAt(start), depth)
      let end = start + 1
      while (end < to && digitAt(this.keyAt(end), depth) === digit) end++
      slots[digit] = this.apply(slots[digit], { from: start, to: end })
      start = end
    }
  }

  private leavesOf({ from, to }: Span, standing: Leaf | undefined): readonly Leaf[] {
    const leaves: Leaf[] = []
    let isPlaced = standing === undefined
    for (let i = from; i < to; i++) {
      const { key, hash } = this.changes[i] as LeafChange
      if (standing !== undefined && !isPlaced && standing.key <= key) {
        if (standing.key < key) leaves.push(standing)
        isPlaced = true
      }
      if (hash !== undefined) leaves.push({ kind: 'leaf', key, hash })
    }
    if (standing !== undefined && !isPlaced) leaves.push(standing)
    return leaves
  }

  /** The tree over sorted leaves. */
  private build(leaves: readonly Leaf[], span: Span = { from: 0, to: leaves.length }): Node | undefined {
    const { from, to } = span
    if (to - from <= 1) return leaves[from]
    const { key } = leaves[from] as Leaf
    const depth = firstDifference(key, (leaves[to - 1] as Leaf).key, Number.POSITIVE_INFINITY)
    const slots: Slots = new Array(DIGITS).fill(undefined)
    let start = from
    while (start < to) {
      const digit = digitAt((leaves[start] as Leaf).key, depth)
      let end = start + 1
      while (end < to && digitAt((leaves[end] as Leaf).key, depth) === digit) end++
      slots[digit] = this.build(leaves, { from: start, to: end })
      start = end
    }
    return this.join({ depth, prefix: prefixOf(key, depth) }, slots)
  }

  /** A branch over what stands in the slots; an only child takes its place. */
  private join(place: { depth: number; prefix: ByteString }, slots: Slots): Node | undefined {
    let mask = 0
    const children: Node[] = []
    slots.forEach((child, digit) => {
      if (child === undefined) return
      mask |= 1 << digit
      children.push(child)
    })
    if (children.length < 2) return children[0]
    const branch = createBranch(place, mask, children)
    this.added.push(branch)
    return branch
  }

  private keyAt(index: number): ByteString {
    return (this.changes[index] as LeafChange).key
  }
}

function leafChange([key, value]: StateChange): LeafChange {
  assert(key.length <= STATE_KEY_BYTES_MAX, 'state tree: a key is longer than the tree is deep')
  if (value === undefined) return { key, hash: undefined }
  return { key, hash: hashLeaf(sha256Hex(fromByteString(key)), sha256Hex(value)) }
}
