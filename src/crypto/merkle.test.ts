import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Hash } from '../types/brand.ts'
import { sha256Hex } from './hash.ts'
import { createMerkleProof, type MerkleProof, merkleRoot, verifyMerkleProof } from './merkle.ts'

const OTHER_HASH = 'ab'.repeat(32) as Hash

/** A list of different leaves and the position of one. */
const treeAndIndex = fc
  .uniqueArray(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 70, selector: (leaf) => leaf.toHex() })
  .chain((leaves) => fc.record({ leaves: fc.constant(leaves), index: fc.nat(leaves.length - 1) }))

test('merkleRoot() of no leaves is defined, and not the root of one empty leaf', () => {
  expect(merkleRoot([])).toBe(sha256Hex(new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0])))
  expect(merkleRoot([])).not.toBe(merkleRoot([new Uint8Array()]))
})

test('merkleRoot() differs when a leaf is repeated at the end, as trees that duplicate odd nodes do not', () => {
  const leaves = [1, 2, 3].map((byte) => new Uint8Array([byte]))
  expect(merkleRoot([...leaves, new Uint8Array([3])])).not.toBe(merkleRoot(leaves))
})

test('verifyMerkleProof() accepts the proof of every leaf of every tree', () => {
  for (let leafCount = 1; leafCount <= 33; leafCount++) {
    const leaves = Array.from({ length: leafCount }, (_, i) => new Uint8Array([i]))
    const root = merkleRoot(leaves)
    for (const [index, leaf] of leaves.entries()) {
      const proof = createMerkleProof(leaves, index)
      expect(proof.path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(leafCount)))
      expect(verifyMerkleProof(proof, { root, leaf }), `${index} of ${leafCount}`).toBe(true)
    }
  }
})

test('verifyMerkleProof() refuses another leaf and another root', () => {
  fc.assert(
    fc.property(treeAndIndex, fc.uint8Array({ maxLength: 40 }), ({ leaves, index }, otherLeaf) => {
      const leaf = leaves[index] as Uint8Array
      fc.pre(otherLeaf.toHex() !== leaf.toHex())
      const proof = createMerkleProof(leaves, index)
      const root = merkleRoot(leaves)
      expect(verifyMerkleProof(proof, { root, leaf: otherLeaf })).toBe(false)
      expect(verifyMerkleProof(proof, { root: OTHER_HASH, leaf })).toBe(false)
      expect(verifyMerkleProof(proof, { root: merkleRoot([...leaves, leaf]), leaf })).toBe(false)
    }),
  )
})

test('verifyMerkleProof() refuses a proof with another index or leaf count', () => {
  fc.assert(
    fc.property(treeAndIndex, fc.nat(80), fc.nat(80), ({ leaves, index }, otherIndex, otherCount) => {
      const proof = createMerkleProof(leaves, index)
      const claim = { root: merkleRoot(leaves), leaf: leaves[index] as Uint8Array }
      const isSame = otherIndex === index && otherCount === leaves.length
      expect(verifyMerkleProof({ ...proof, index: otherIndex, leafCount: otherCount }, claim)).toBe(isSame)
      expect(verifyMerkleProof({ ...proof, index: otherIndex }, claim)).toBe(otherIndex === index)
      expect(verifyMerkleProof({ ...proof, leafCount: otherCount }, claim)).toBe(otherCount === leaves.length)
    }),
  )
})

test('verifyMerkleProof() refuses a path with an entry changed, removed, added or moved', () => {
  fc.assert(
    fc.property(treeAndIndex, fc.nat(), fc.nat(255), ({ leaves, index }, at, bit) => {
      const proof = createMerkleProof(leaves, index)
      const claim = { root: merkleRoot(leaves), leaf: leaves[index] as Uint8Array }
      const { path } = proof
      expect(verifyMerkleProof({ ...proof, path: path.toSpliced(at % (path.length + 1), 0, OTHER_HASH) }, claim)).toBe(
        false,
      )
      fc.pre(path.length > 0)
      const entry = at % path.length
      const flipped = Uint8Array.fromHex(path[entry] as Hash)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      for (const wrong of [
        path.with(entry, flipped.toHex() as Hash),
        path.toSpliced(entry, 1),
        path.toSpliced(entry, 0, path[entry] as Hash),
      ]) {
        expect(verifyMerkleProof({ ...proof, path: wrong }, claim)).toBe(false)
      }
      fc.pre(path.length > 1)
      expect(verifyMerkleProof({ ...proof, path: path.toReversed() }, claim)).toBe(false)
    }),
  )
})

test('verifyMerkleProof() refuses a node passed off as a leaf', () => {
  const leaves = [0, 1, 2, 3].map((byte) => new Uint8Array([byte]))
  const root = merkleRoot(leaves)
  const [left, top] = createMerkleProof(leaves, 3).path as [Hash, Hash]
  const right = createMerkleProof(leaves, 2).path[0] as Hash
  const leaf = Uint8Array.fromHex(left + right)
  expect(verifyMerkleProof({ index: 1, leafCount: 2, path: [top] }, { root, leaf })).toBe(false)
  expect(verifyMerkleProof({ index: 1, leafCount: 4, path: [top] }, { root, leaf })).toBe(false)
})

test('verifyMerkleProof() answers false, and does not throw, on malformed proofs', () => {
  const leaves = [1, 2, 3].map((byte) => new Uint8Array([byte]))
  const proof = createMerkleProof(leaves, 1)
  const claim = { root: merkleRoot(leaves), leaf: leaves[1] as Uint8Array }
  expect(verifyMerkleProof(proof, claim)).toBe(true)
  const path = proof.path
  const upperCase = path.map((hash) => hash.toUpperCase())
  const malformed = [
    ...[null, undefined, 1, 'proof', [], {}],
    ...[-1, 0.5, Number.NaN, 2 ** 53, '1', null, 1n].flatMap((x) => [
      { ...proof, index: x },
      { ...proof, leafCount: x },
    ]),
    ...[undefined, null, 'x', [1], [null], [''], upperCase, new Array(2), { length: 2 }].map((x) => ({
      ...proof,
      path: x,
    })),
    { index: 0, leafCount: Number.MAX_SAFE_INTEGER, path: [] },
  ]
  for (const each of malformed) expect(verifyMerkleProof(each as MerkleProof, claim)).toBe(false)
  fc.assert(
    fc.property(fc.anything(), (anything) => {
      expect(verifyMerkleProof(anything as MerkleProof, claim)).toBe(false)
    }),
  )
  expect(verifyMerkleProof(proof, { ...claim, leaf: 'text' as never })).toBe(false)
  expect(verifyMerkleProof(proof, { ...claim, root: claim.root.toUpperCase() as Hash })).toBe(false)
})

test('createMerkleProof() refuses an index outside the tree, and names a leaf that is no bytes', () => {
  const leaves = [new Uint8Array([1])]
  expect(() => createMerkleProof(leaves, 1)).toThrow('index: expected an integer from 0 to 0, got 1')
  expect(() => createMerkleProof(leaves, 0.5)).toThrow('index: expected an integer')
  expect(() => createMerkleProof([], 0)).toThrow('index:')
  expect(() => merkleRoot([new Uint8Array(), 'x' as never])).toThrow('leaves[1]: expected a Uint8Array')
})
