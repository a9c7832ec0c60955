// How leaves, nodes and roots of every hash tree here are hashed:
//   leaf  SHA-256(0x00 || leaf)                     RFC 6962, 2.1
//   node  SHA-256(0x01 || left || right)            RFC 6962, 2.1
//   root  SHA-256(0x02 || uint64 leaf count || tops...)
// The prefixes keep one from being passed off as another. RFC 6962 signs the leaf count beside the tree's hash; here the
// root holds it, so that a proof with another count or index is refused by the root alone.

import { backend } from '#crypto-backend'
import type { Hash } from '../types/brand.ts'

const LEAF_PREFIX = 0x00
const NODE_PREFIX = 0x01
const ROOT_PREFIX = 0x02

// Reused by every call: hashing is synchronous and only the digest leaves. From hex and to hex this way, a node is
// hashed at 0.6 million/s; by fresh byte arrays at 0.35 million/s.
const node = new Uint8Array(65)
node[0] = NODE_PREFIX
const left32 = node.subarray(1, 33)
const right32 = node.subarray(33)

/** Longer ones are rare. */
const leaf = new Uint8Array(1 + 4 * 1024)

export function hashLeaf(content: Uint8Array): Hash {
  const bytes = content.length < leaf.length ? leaf.subarray(0, 1 + content.length) : new Uint8Array(1 + content.length)
  bytes[0] = LEAF_PREFIX
  bytes.set(content, 1)
  return backend.sha256Hex(bytes) as Hash
}

export function hashNode(left: Hash, right: Hash): Hash {
  left32.setFromHex(left)
  right32.setFromHex(right)
  return backend.sha256Hex(node) as Hash
}

/** A range of 2^52 leaves has no more. */
const TOPS_MAX = 53
const root = new Uint8Array(9 + 32 * TOPS_MAX)
root[0] = ROOT_PREFIX
const rootCount = new DataView(root.buffer, 1, 8)
const rootTops = Array.from({ length: TOPS_MAX }, (_, i) => root.subarray(9 + 32 * i, 41 + 32 * i))
/** By number of tops. */
const rootsOf = Array.from({ length: TOPS_MAX + 1 }, (_, count) => root.subarray(0, 9 + 32 * count))

/** `tops`: the hash of the whole tree, or the peaks of a mountain range from left to right; none for an empty one. */
export function hashRoot(leafCount: number, tops: readonly Hash[]): Hash {
  rootCount.setUint32(0, Math.floor(leafCount / 2 ** 32))
  rootCount.setUint32(4, leafCount % 2 ** 32)
  for (let i = 0; i < tops.length; i++) (rootTops[i] as Uint8Array).setFromHex(tops[i] as Hash)
  return backend.sha256Hex(rootsOf[tops.length] as Uint8Array) as Hash
}

const HASH = /^[0-9a-f]{64}$/

/** Only the one lowercase spelling: two spellings of a hash would be two proofs of one thing. */
export function isHash(value: unknown): value is Hash {
  return typeof value === 'string' && HASH.test(value)
}

export function isHashList(value: unknown): value is readonly Hash[] {
  return Array.isArray(value) && Array.from(value).every(isHash) // every() alone would skip holes
}
