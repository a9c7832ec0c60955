// Takes the state tree from a stranger, branch by branch from the root down. A branch is taken only for the hash that its
// parent, and in the end a certified stateRoot, has for it; a value only for the hash of its leaf. Keys of branches are not
// hashed, so each is held against its place: what is stored is exactly the tree that stateRoot stands for.
// spec/ledger.md, "State tree".

import { sha256Hex } from '../crypto/hash.ts'
import { digitAt, firstDifference, prefixOf } from '../crypto/state-digits.ts'
import { bitsOf, hashBranch, hashLeaf } from '../crypto/state-proof.ts'
import type { Hash } from '../types/brand.ts'
import { type ByteString, fromByteString } from './byte-string.ts'
import { STATE_ROOT_KEY, stateKey } from './keys.ts'
import { BRANCHES_ASKED_MAX, type BranchAddress, type StatePiece } from './snapshot-format.ts'
import {
  addressOf,
  type Branch,
  decodeChildren,
  decodeRoot,
  encodeChildren,
  encodeRoot,
  type Node,
  rootHashOf,
} from './state-node.ts'
import type { StoreWrite } from './store.ts'

/** Something in a snapshot is not what it has to be: whoever sent it lies, or is broken. */
export class SnapshotFault extends Error {
  override name = 'SnapshotFault'
}

/** It is certified, and so is what it excludes: validators have certified two chains. */
export class SnapshotConflict extends SnapshotFault {
  override name = 'SnapshotConflict'
}

/** Deeper than any honest tree; keeps numbers small. */
const DEPTH_MAX = 3 * 4_096 + 3

export class StateWalk {
  private readonly stateRoot: Hash
  /** Branches whose content has not come, the next one last; null before the root. */
  private waiting: Branch[] | null = null

  constructor(stateRoot: Hash) {
    this.stateRoot = stateRoot
  }

  /** Hash of the branch that comes next; null at the end, and before the root. */
  get next(): Hash | null {
    return this.waiting?.at(-1)?.hash ?? null
  }

  /** What comes next, in order, up to the first after it that need not be asked for; null at the end. */
  wanted(isKept: (branch: Hash) => boolean = () => false): readonly BranchAddress[] | null {
    if (this.waiting === null) return []
    if (this.waiting.length === 0) return null
    const next = this.waiting.slice(-BRANCHES_ASKED_MAX).reverse()
    const end = next.findIndex(({ hash }, i) => i > 0 && isKept(hash))
    return next
      .slice(0, end < 0 ? next.length : end)
      .map(({ depth, prefix }) => ({ depth, prefix: fromByteString(prefix) }))
  }

  /** The writes that store a piece. Throws SnapshotFault, and waits for the same piece then. */
  take({ branch: bytes, values }: StatePiece): StoreWrite[] {
    try {
      return this.waiting === null ? this.takeRoot(bytes, values) : this.takeBranch(bytes, values)
    } catch (error) {
      if (error instanceof RangeError) throw new SnapshotFault('a branch of the state cannot be read')
      throw error
    }
  }

  private takeRoot(bytes: Uint8Array, values: readonly Uint8Array[]): StoreWrite[] {
    const root = bytes[0] === 0 ? undefined : decodeRoot(bytes)
    expect(rootHashOf(root) === this.stateRoot, 'the root of the state is another one')
    const children = root === undefined ? [] : [root]
    for (const child of children) checkPlace(child)
    const writes = writesOf(children, values)
    this.waiting = branchesOf(children)
    return [...writes, { type: 'put', key: STATE_ROOT_KEY, value: encodeRoot(root) }]
  }

  private takeBranch(bytes: Uint8Array, values: readonly Uint8Array[]): StoreWrite[] {
    const branch = this.waiting?.at(-1)
    expect(branch !== undefined, 'more state than there is')
    const { depth, mask, hash } = branch as Branch
    expect(bytes[0] === mask, 'a branch of the state is another one')
    const children = decodeChildren(bytes, branch as Branch)
    expect(hashBranch(depth, mask, children) === hash, 'a branch of the state is another one')
    let rank = 0
    for (let digit = 0; digit < 8; digit++) {
      if ((mask & (1 << digit)) === 0) continue
      checkPlace(children[rank++] as Node, { parent: branch as Branch, digit })
    }
    const writes = writesOf(children, values)
    this.waiting?.pop()
    this.waiting?.push(...branchesOf(children))
    return [
      ...writes,
      { type: 'put', key: addressOf(branch as Branch), value: encodeChildren(mask, children, { depth }) },
    ]
  }
}

/** Of the leaves among them. */
function writesOf(children: readonly Node[], values: readonly Uint8Array[]): StoreWrite[] {
  const writes: StoreWrite[] = []
  let next = 0
  for (const child of children) {
    if (child.kind === 'branch') continue
    const value = values[next++]
    expect(value !== undefined, 'a value of the state is missing')
    const isOfLeaf = hashLeaf(sha256Hex(fromByteString(child.key)), sha256Hex(value as Uint8Array)) === child.hash
    expect(isOfLeaf, 'a value of the state is another one')
    writes.push({ type: 'put', key: stateKey(child.key), value: value as Uint8Array })
  }
  expect(next === values.length, 'more values than leaves')
  return writes
}

/** The last one comes first. */
function branchesOf(children: readonly Node[]): Branch[] {
  return children.toReversed().filter((child) => child.kind === 'branch')
}

/** Do the key of a leaf, or what a branch says of the keys below it, agree with where it stands? */
function checkPlace(node: Node, at?: { parent: Branch; digit: number }): void {
  const key: ByteString = node.kind === 'leaf' ? node.key : node.prefix
  if (node.kind === 'branch') {
    const isForm = bitsOf(node.mask) >= 2 && node.depth <= DEPTH_MAX && prefixOf(key, node.depth) === key
    expect(isForm, 'a branch of the state is malformed')
    // Its own prefix has to spell all digits above it.
    expect(3 * key.length >= node.depth && 3 * (key.length - 1) < node.depth, 'a branch of the state is malformed')
  }
  if (at === undefined) return
  const { parent, digit } = at
  if (node.kind === 'branch') expect(node.depth > parent.depth, 'a branch of the state is out of place')
  const isBelow =
    firstDifference(key, parent.prefix, parent.depth) === parent.depth && digitAt(key, parent.depth) === digit
  expect(isBelow, 'a part of the state is out of place')
}

function expect(holds: boolean, complaint: string): void {
  if (!holds) throw new SnapshotFault(complaint)
}
