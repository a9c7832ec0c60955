// Merkle mountain range: an append-only accumulator of block hashes. Its state is the size and the peaks (one perfect
// tree for every bit of the size, highest first), so appending needs no earlier leaf, and its root shows every ancestor
// by a proof of at most 2 log2(size) hashes. States are values: branches that may never commit append to the same one.
//
// Nodes have positions in the order in which appending makes them (a leaf, then the nodes that it completes):
//
//   position      6             the range of 5 leaves has the peaks 6 and 7;
//               /   \           leaf i stands at position 2 i - ones(i),
//              2     5          where ones(i) counts the bits set in i
//             / \   / \
//            0   1 3   4  7
//
// Positions and hashes never change as the range grows, so whoever stores nodes (the ledger) only ever adds.
// Source: Todd, "Merkle Mountain Ranges", 2012. Hashes: tree-hash.ts.

import type { Hash } from '../types/brand.ts'
import { badArgument, checkInteger } from './errors.ts'
import { hashLeaf, hashNode, hashRoot, isHash, isHashList } from './tree-hash.ts'

export interface MountainRange {
  /** Number of leaves. */
  readonly size: number
  /** Peaks from left to right, as many as the size has bits set. */
  readonly peaks: readonly Hash[]
}

export interface RangeNode {
  readonly position: number
  readonly hash: Hash
}

export interface RangeProof {
  /** Siblings from the leaf to the peak of its mountain. */
  readonly path: readonly Hash[]
  /** The other peaks, from left to right. */
  readonly otherPeaks: readonly Hash[]
}

/** What a proof shows: `leaf` is leaf number `leafIndex` of the range of `size` leaves that has this `root`. */
export interface RangeClaim {
  readonly root: Hash
  readonly size: number
  readonly leafIndex: number
  readonly leaf: Hash
}

/** Keeps every position, up to twice the size, a safe integer. */
export const RANGE_SIZE_MAX = 2 ** 51

export const EMPTY_RANGE: MountainRange = { size: 0, peaks: [] }

/** Whether size and peaks belong together: for ranges that a stranger shows. */
export function isRange({ size, peaks }: MountainRange): boolean {
  return (
    Number.isSafeInteger(size) && size >= 0 && size < RANGE_SIZE_MAX && isHashList(peaks) && peaks.length === ones(size)
  )
}

const roots = new WeakMap<MountainRange, Hash>()

/** Commits to the size and all peaks. */
export function rangeRoot(range: MountainRange): Hash {
  const known = roots.get(range)
  if (known !== undefined) return known
  checkRange(range)
  const root = hashRoot(range.size, range.peaks)
  roots.set(range, root)
  return root
}

/** The peaks where they stand. With them and the leaves that follow, every later leaf can be proven. */
export function peakNodes(range: MountainRange): RangeNode[] {
  checkRange(range)
  return mountainsOf(range.size).map((mountain, i) => ({
    position: topPosition(mountain),
    hash: range.peaks[i] as Hash,
  }))
}

interface Appended {
  readonly range: MountainRange
  readonly newNodes: readonly RangeNode[]
}

/** By range: what the latest leaf made of it. Consensus, evidence and ledger all ask what comes after a block. */
const appended = new WeakMap<MountainRange, Appended & { readonly leaf: Hash }>()

/** The range with one more leaf, and the nodes that are new: the leaf, then those that it completes. */
export function appendLeaf(range: MountainRange, leaf: Hash): Appended {
  const known = appended.get(range)
  if (known?.leaf === leaf) return known
  checkRange(range)
  if (!isHash(leaf)) throw badArgument('leaf', 'expected 64 lowercase hex characters (32 bytes)')
  const peaks = [...range.peaks]
  let position = leafPosition(range.size)
  let hash = hashLeaf(Uint8Array.fromHex(leaf))
  const newNodes = [{ position, hash }]
  for (let rest = range.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    hash = hashNode(peaks.pop() as Hash, hash)
    newNodes.push({ position: ++position, hash })
  }
  const result = { leaf, range: { size: range.size + 1, peaks: [...peaks, hash] }, newNodes }
  appended.set(range, result)
  soundRanges.add(result.range)
  return result
}

/**
 * The proof of leaf `leafIndex` in the range of its first `size` leaves. `readNode` gives the stored hash at a position;
 * the nodes of a longer range serve a shorter one as well.
 */
export function createRangeProof(
  leafIndex: number,
  { size, readNode }: { size: number; readNode: (position: number) => Hash },
): RangeProof {
  checkInteger('size', size, { min: 1, max: RANGE_SIZE_MAX })
  checkInteger('leafIndex', leafIndex, { min: 0, max: size - 1 })
  const mountains = mountainsOf(size)
  const own = mountains.find((mountain) => contains(mountain, leafIndex)) as Mountain
  const path: Hash[] = []
  for (let leafCount = 1; leafCount < own.leafCount; leafCount *= 2) {
    const block = Math.floor(leafIndex / leafCount)
    const siblingBlock = block % 2 === 0 ? block + 1 : block - 1
    path.push(readNode(topPosition({ firstLeaf: siblingBlock * leafCount, leafCount })))
  }
  const otherPeaks = mountains.filter((mountain) => mountain !== own).map((mountain) => readNode(topPosition(mountain)))
  return { path, otherPeaks }
}

/** The range of the first `size` leaves, from its stored nodes or those of a longer one. */
export function readRange(size: number, readNode: (position: number) => Hash): MountainRange {
  checkInteger('size', size, { min: 0, max: RANGE_SIZE_MAX - 1 })
  return { size, peaks: mountainsOf(size).map((mountain) => readNode(topPosition(mountain))) }
}

/** Whether `proof` shows `claim`. Never throws: a malformed proof or claim shows nothing. */
export function verifyRangeProof(proof: RangeProof, claim: RangeClaim): boolean {
  if (!isRangeProof(proof) || !isRangeClaim(claim)) return false
  const mountains = mountainsOf(claim.size)
  const ownIndex = mountains.findIndex((mountain) => contains(mountain, claim.leafIndex))
  const { leafCount } = mountains[ownIndex] as Mountain
  // The root would refuse other lengths too; this bounds the hashing that a stranger's proof can ask for.
  if (leafCount !== 2 ** proof.path.length || mountains.length !== proof.otherPeaks.length + 1) return false
  let hash = hashLeaf(Uint8Array.fromHex(claim.leaf))
  let block = claim.leafIndex
  for (const sibling of proof.path) {
    hash = block % 2 === 0 ? hashNode(hash, sibling) : hashNode(sibling, hash)
    block = Math.floor(block / 2)
  }
  return hashRoot(claim.size, proof.otherPeaks.toSpliced(ownIndex, 0, hash)) === claim.root
}

/** A perfect tree over `leafCount` (a power of two) leaves from `firstLeaf` on. */
interface Mountain {
  readonly firstLeaf: number
  readonly leafCount: number
}

/** One mountain for every bit set in `size`, the highest first. */
function mountainsOf(size: number): Mountain[] {
  const mountains: Mountain[] = []
  let firstLeaf = 0
  for (let leafCount = RANGE_SIZE_MAX; leafCount >= 1; leafCount /= 2) {
    if (size - firstLeaf < leafCount) continue
    mountains.push({ firstLeaf, leafCount })
    firstLeaf += leafCount
  }
  return mountains
}

function contains({ firstLeaf, leafCount }: Mountain, leafIndex: number): boolean {
  return firstLeaf <= leafIndex && leafIndex < firstLeaf + leafCount
}

function leafPosition(leafIndex: number): number {
  return 2 * leafIndex - ones(leafIndex)
}

/** A perfect tree of n leaves has 2 n - 1 nodes, its top last. */
function topPosition({ firstLeaf, leafCount }: Mountain): number {
  return leafPosition(firstLeaf) + 2 * leafCount - 2
}

/** Number of bits set. By arithmetic: JavaScript's bit operators stop at 32 bits. */
function ones(value: number): number {
  let count = 0
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}

/** Sound by the way they were made, or found so. */
const soundRanges = new WeakSet<MountainRange>()

function checkRange(range: MountainRange): void {
  if (soundRanges.has(range)) return
  const { size, peaks } = range
  checkInteger('range.size', size, { min: 0, max: RANGE_SIZE_MAX - 1 })
  if (!isHashList(peaks)) throw badArgument('range.peaks', 'expected a list of 64 lowercase hex characters each')
  if (peaks.length !== ones(size)) {
    throw badArgument('range.peaks', `expected ${ones(size)} for size ${size}, got ${peaks.length}`)
  }
  soundRanges.add(range)
}

function isRangeProof(proof: unknown): proof is RangeProof {
  if (typeof proof !== 'object' || proof === null) return false
  const { path, otherPeaks } = proof as Partial<Record<keyof RangeProof, unknown>>
  return isHashList(path) && isHashList(otherPeaks)
}

function isRangeClaim(claim: RangeClaim): boolean {
  return (
    typeof claim === 'object' &&
    claim !== null &&
    isHash(claim.root) &&
    isHash(claim.leaf) &&
    Number.isSafeInteger(claim.size) &&
    Number.isSafeInteger(claim.leafIndex) &&
    0 <= claim.leafIndex &&
    claim.leafIndex < claim.size &&
    claim.size <= RANGE_SIZE_MAX
  )
}
