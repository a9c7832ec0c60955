// Nodes of the state tree, in memory and as stored. Nodes never change once made, so versions of the tree share what
// they have in common; only whether a branch's children are in memory comes and goes. spec/ledger.md, "State tree".

import { bitsOf, EMPTY_STATE_ROOT, hashBranch } from '../crypto/state-proof.ts'
import type { Hash } from '../types/brand.ts'
import { type ByteString, toByteString } from './byte-string.ts'
import { corrupt } from './errors.ts'
import { branchKey } from './keys.ts'

export interface Leaf {
  readonly kind: 'leaf'
  readonly key: ByteString
  readonly hash: Hash
}

export interface Branch {
  readonly kind: 'branch'
  /** The digit in which the keys below part. */
  readonly depth: number
  /** What the first `depth` digits of the keys below spell. */
  readonly prefix: ByteString
  readonly mask: number
  readonly hash: Hash
  /** Ascending by digit; undefined while they are only in the store. */
  children: readonly Node[] | undefined
  /** Does the store hold it? Then its children may be let go. */
  isStored: boolean
  /** Used since the cache last looked. */
  isRecent: boolean
}

export type Node = Leaf | Branch

export function createBranch(
  path: { depth: number; prefix: ByteString },
  mask: number,
  children: readonly Node[],
): Branch {
  const { depth, prefix } = path
  const hash = hashBranch(depth, mask, children)
  return { kind: 'branch', depth, prefix, mask, hash, children, isStored: false, isRecent: true }
}

export function addressOf({ depth, prefix }: Pick<Branch, 'depth' | 'prefix'>): Uint8Array {
  return branchKey(depth, prefix)
}

// A stored branch: mask, then its children. A child: hash, kind, and what its parent's prefix leaves open of its key
// (leaf: uint16 length, bytes) or of its place (branch: mask, uint16 depth, uint16 length, bytes). A child's own children
// are under its own address, so a change rewrites one short value for every branch on its way up.

const LEAF = 0
const BRANCH = 1

/** Everything about the children; depth and prefix are the address. */
export function encodeChildren(mask: number, children: readonly Node[], from: { depth: number }): Uint8Array {
  const known = Math.floor(from.depth / 3)
  let length = 1
  for (const child of children) {
    length += child.kind === 'leaf' ? 35 + child.key.length - known : 38 + child.prefix.length - known
  }
  const bytes = Buffer.allocUnsafe(length)
  bytes[0] = mask
  let at = 1
  for (const child of children) {
    at += bytes.write(child.hash, at, 'hex')
    const open = (child.kind === 'leaf' ? child.key : child.prefix).slice(known)
    if (child.kind === 'leaf') {
      bytes[at++] = LEAF
    } else {
      bytes[at++] = BRANCH
      bytes[at++] = child.mask
      at = bytes.writeUInt16BE(child.depth, at)
    }
    at = bytes.writeUInt16BE(open.length, at)
    at += bytes.write(open, at, 'latin1')
  }
  return bytes
}

export function decodeChildren(bytes: Uint8Array, parent: { depth: number; prefix: ByteString }): readonly Node[] {
  const known = parent.prefix.slice(0, Math.floor(parent.depth / 3))
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = bitsOf(buffer.readUInt8(0))
  const children: Node[] = []
  let at = 1
  for (let i = 0; i < count; i++) {
    const hash = buffer.toString('hex', at, at + 32) as Hash
    const kind = buffer.readUInt8(at + 32)
    at += 33
    let mask = 0
    let depth = 0
    if (kind === BRANCH) {
      mask = buffer.readUInt8(at)
      depth = buffer.readUInt16BE(at + 1)
      at += 3
    }
    const length = buffer.readUInt16BE(at)
    at += 2
    const spelled = known + toByteString(bytes.subarray(at, at + length))
    at += length
    if (kind === LEAF) {
      children.push({ kind: 'leaf', key: spelled, hash })
    } else {
      const place = { depth, prefix: spelled, mask, hash }
      children.push({ kind: 'branch', ...place, children: undefined, isStored: true, isRecent: true })
    }
  }
  return children
}

/** The children of a stored branch, checked against its hash. Throws DATA_CORRUPT. */
export function loadChildren(branch: Branch, stored: Uint8Array | undefined): readonly Node[] {
  try {
    if (stored !== undefined && stored[0] === branch.mask) {
      const children = decodeChildren(stored, branch)
      if (hashBranch(branch.depth, branch.mask, children) === branch.hash) return children
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw corrupt('state tree: a stored branch is missing or damaged')
}

// What stands at the root is stored like an only child.
const ROOT = { depth: 0, prefix: '' }

export function encodeRoot(root: Node | undefined): Uint8Array {
  return root === undefined ? Uint8Array.of(0) : encodeChildren(1, [root], ROOT)
}

export function decodeRoot(stored: Uint8Array): Node | undefined {
  return decodeChildren(stored, ROOT)[0]
}

export function rootHashOf(root: Node | undefined): Hash {
  return root?.hash ?? EMPTY_STATE_ROOT
}
