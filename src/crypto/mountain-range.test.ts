import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Hash } from '../types/brand.ts'
import { sha256Hex } from './hash.ts'
import {
  appendLeaf,
  createRangeProof,
  EMPTY_RANGE,
  type MountainRange,
  RANGE_SIZE_MAX,
  type RangeClaim,
  type RangeProof,
  rangeRoot,
  verifyRangeProof,
} from './mountain-range.ts'
import { hashLeaf, hashNode, hashRoot } from './tree-hash.ts'

const OTHER_HASH = 'ab'.repeat(32) as Hash
const leafOf = (i: number) => sha256Hex(new TextEncoder().encode(`block ${i}`))
const leavesOf = (size: number) => Array.from({ length: size }, (_, i) => leafOf(i))

interface Built {
  readonly range: MountainRange
  readonly nodes: readonly Hash[]
}

/** The range over some leaves, and its stored nodes by position; positions must come without gap. */
function build(leaves: readonly Hash[]): Built {
  let range = EMPTY_RANGE
  const nodes: Hash[] = []
  for (const leaf of leaves) {
    const appended = appendLeaf(range, leaf)
    for (const { position, hash } of appended.newNodes) {
      expect(position).toBe(nodes.length)
      nodes.push(hash)
    }
    range = appended.range
  }
  return { range, nodes }
}

function proofFrom({ nodes, range }: Built, leafIndex: number, size = range.size): RangeProof {
  return createRangeProof(leafIndex, { size, readNode: (position) => nodes[position] as Hash })
}

function claimOf({ range }: Built, leafIndex: number): RangeClaim {
  return { root: rangeRoot(range), size: range.size, leafIndex, leaf: leafOf(leafIndex) }
}

/** The definition: one perfect tree for every bit of the size, the highest first. */
function peaksByDefinition(leaves: readonly Hash[]): Hash[] {
  if (leaves.length === 0) return []
  const first = 2 ** Math.floor(Math.log2(leaves.length))
  const topOf = (part: readonly Hash[]): Hash =>
    part.length === 1
      ? hashLeaf(Uint8Array.fromHex(part[0] as Hash))
      : hashNode(topOf(part.slice(0, part.length / 2)), topOf(part.slice(part.length / 2)))
  return [topOf(leaves.slice(0, first)), ...peaksByDefinition(leaves.slice(first))]
}

const built100 = build(leavesOf(100))
const sizeAndIndex = fc
  .integer({ min: 1, max: 100 })
  .chain((size) => fc.record({ size: fc.constant(size), leafIndex: fc.nat(size - 1) }))
const built = (size: number) => build(leavesOf(size))

test('appendLeaf() gives the peaks of the definition at every size', () => {
  for (let size = 0; size <= 70; size++) {
    const { range } = built(size)
    expect(range).toEqual({ size, peaks: peaksByDefinition(leavesOf(size)) })
    expect(rangeRoot(range)).toBe(hashRoot(size, range.peaks))
  }
})

test('appendLeaf() numbers 5 leaves as the picture in mountain-range.ts does', () => {
  const { nodes } = built(5)
  expect(nodes.length).toBe(8)
  expect([0, 1, 3, 4, 7].map((position) => nodes[position])).toEqual(
    leavesOf(5).map((leaf) => hashLeaf(Uint8Array.fromHex(leaf))),
  )
  expect(nodes[6]).toBe(hashNode(nodes[2] as Hash, nodes[5] as Hash))
})

test('appendLeaf() leaves the range that it is given as it was, so that branches fork', () => {
  const { range } = built(7)
  const before = structuredClone(range)
  const one = appendLeaf(range, leafOf(7))
  const other = appendLeaf(range, OTHER_HASH)
  expect(range).toEqual(before)
  expect(one.range.size).toBe(8)
  expect(rangeRoot(one.range)).not.toBe(rangeRoot(other.range))
  expect(one.newNodes.map(({ position }) => position)).toEqual(other.newNodes.map(({ position }) => position))
})

test('a range survives JSON, and goes on from there', () => {
  const { range } = built(11)
  const restored = JSON.parse(JSON.stringify(range)) as MountainRange
  expect(appendLeaf(restored, leafOf(11))).toEqual(appendLeaf(range, leafOf(11)))
})

test('rangeRoot() of no leaves is defined', () => {
  expect(rangeRoot(EMPTY_RANGE)).toBe(sha256Hex(new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0])))
})

test('verifyRangeProof() accepts every leaf at every size, also read from the nodes of a longer range', () => {
  for (let size = 1; size <= 40; size++) {
    const short = built(size)
    for (let leafIndex = 0; leafIndex < size; leafIndex++) {
      const proof = proofFrom(short, leafIndex)
      expect(verifyRangeProof(proof, claimOf(short, leafIndex)), `${leafIndex} of ${size}`).toBe(true)
      expect(proofFrom(built100, leafIndex, size)).toEqual(proof)
    }
  }
})

test('verifyRangeProof() refuses a claim with another root, leaf, index or size', () => {
  fc.assert(
    fc.property(sizeAndIndex, fc.nat(120), ({ size, leafIndex }, other) => {
      const range = built(size)
      const proof = proofFrom(range, leafIndex)
      const claim = claimOf(range, leafIndex)
      expect(verifyRangeProof(proof, { ...claim, root: OTHER_HASH })).toBe(false)
      expect(verifyRangeProof(proof, { ...claim, leaf: OTHER_HASH })).toBe(false)
      expect(verifyRangeProof(proof, { ...claim, leafIndex: other })).toBe(other === leafIndex)
      expect(verifyRangeProof(proof, { ...claim, size: other })).toBe(other === size)
    }),
  )
})

test('verifyRangeProof() refuses a proof with a hash changed, removed, added, or moved to the other list', () => {
  fc.assert(
    fc.property(sizeAndIndex, fc.nat(), fc.nat(255), ({ size, leafIndex }, at, bit) => {
      const range = built(size)
      const proof = proofFrom(range, leafIndex)
      const claim = claimOf(range, leafIndex)
      for (const field of ['path', 'otherPeaks'] as const) {
        const list = proof[field]
        const wrong = [list.toSpliced(at % (list.length + 1), 0, OTHER_HASH)]
        if (list.length > 0) {
          const entry = at % list.length
          const flipped = Uint8Array.fromHex(list[entry] as Hash)
          flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
          wrong.push(list.with(entry, flipped.toHex() as Hash), list.toSpliced(entry, 1))
        }
        if (list.length > 1) wrong.push(list.toReversed())
        for (const each of wrong) expect(verifyRangeProof({ ...proof, [field]: each }, claim)).toBe(false)
      }
      const [firstPeak, ...restPeaks] = proof.otherPeaks
      if (firstPeak === undefined) return
      expect(verifyRangeProof({ path: [...proof.path, firstPeak], otherPeaks: restPeaks }, claim)).toBe(false)
    }),
  )
})

test('verifyRangeProof() answers false, and does not throw, on malformed proofs and claims', () => {
  const range = built(5)
  const proof = proofFrom(range, 1)
  const claim = claimOf(range, 1)
  expect(verifyRangeProof(proof, claim)).toBe(true)
  for (const list of [
    undefined,
    null,
    'x',
    [1],
    [null],
    [''],
    new Array(2),
    { length: 2 },
    proof.path.map((x) => x.toUpperCase()),
  ]) {
    expect(verifyRangeProof({ ...proof, path: list } as RangeProof, claim)).toBe(false)
    expect(verifyRangeProof({ ...proof, otherPeaks: list } as RangeProof, claim)).toBe(false)
  }
  for (const number of [-1, 0.5, Number.NaN, 2 ** 53, RANGE_SIZE_MAX + 1, '1', null, undefined]) {
    expect(verifyRangeProof(proof, { ...claim, size: number } as RangeClaim)).toBe(false)
    expect(verifyRangeProof(proof, { ...claim, leafIndex: number } as RangeClaim)).toBe(false)
  }
  for (const hash of ['', null, undefined, claim.root.toUpperCase()]) {
    expect(verifyRangeProof(proof, { ...claim, root: hash } as RangeClaim)).toBe(false)
    expect(verifyRangeProof(proof, { ...claim, leaf: hash } as RangeClaim)).toBe(false)
  }
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (anyProof, anyClaim) => {
      expect(verifyRangeProof(anyProof as RangeProof, claim)).toBe(false)
      expect(verifyRangeProof(proof, anyClaim as RangeClaim)).toBe(false)
    }),
  )
})

test('positions are exact beyond 32 bits', () => {
  const size = 2 ** 40 + 1
  const peaks = [leafOf(0), leafOf(1)]
  const { range, newNodes } = appendLeaf({ size, peaks }, leafOf(2))
  expect(range.size).toBe(size + 1)
  // A perfect tree of 2^40 leaves (2^41 - 1 nodes), one leaf, the new leaf, their parent.
  expect(newNodes.map(({ position }) => position)).toEqual([2 ** 41, 2 ** 41 + 1])
  const asked: number[] = []
  const readNode = (position: number) => {
    asked.push(position)
    return OTHER_HASH
  }
  createRangeProof(2 ** 40 - 1, { size: size + 1, readNode })
  expect(asked.length).toBe(41)
  expect(asked.slice(0, 2)).toEqual([2 * (2 ** 40 - 2) - 39, 2 * (2 ** 40 - 4) - 38 + 2])
  expect(asked.at(-1)).toBe(2 ** 41 + 1)
})

test('appendLeaf(), rangeRoot() and createRangeProof() name the argument that they refuse', () => {
  const { range } = built(3)
  expect(() => appendLeaf(range, 'AB'.repeat(32) as Hash)).toThrow('leaf: expected 64 lowercase hex characters')
  expect(() => rangeRoot({ ...range, size: 4 })).toThrow('range.peaks: expected 1 for size 4, got 2')
  expect(() => appendLeaf({ ...range, size: -1 }, leafOf(0))).toThrow('range.size: expected an integer')
  expect(() => rangeRoot({ size: 1, peaks: ['x' as Hash] })).toThrow('range.peaks: expected a list')
  const readNode = () => OTHER_HASH
  expect(() => createRangeProof(3, { size: 3, readNode })).toThrow('leafIndex: expected an integer from 0 to 2, got 3')
  expect(() => createRangeProof(0, { size: 0, readNode })).toThrow('size: expected an integer from 1')
})
