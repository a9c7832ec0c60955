// The tree shape and hashes of RFC 6962, section 2.1, with the reference leaves, tree heads and audit paths of Google's
// Certificate Transparency implementation. Our root adds the leaf count (tree-hash.ts).

import { expect, test } from 'vitest'
import type { Hash } from '../types/brand.ts'
import { createMerkleProof, merkleRoot } from './merkle.ts'
import { hashLeaf, hashRoot } from './tree-hash.ts'

const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => Uint8Array.fromHex(hex),
)

const TREE_HEADS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
] as Hash[]

test('the tree over the first n reference leaves has the published head', () => {
  expect(hashLeaf(LEAVES[0] as Uint8Array)).toBe(TREE_HEADS[0])
  for (const [i, head] of TREE_HEADS.entries()) {
    expect(merkleRoot(LEAVES.slice(0, i + 1)), `${i + 1} leaves`).toBe(hashRoot(i + 1, [head]))
  }
})

test('the proofs of leaves 0 and 5 of 8 are the published audit paths', () => {
  expect(createMerkleProof(LEAVES, 0).path).toEqual([
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ])
  expect(createMerkleProof(LEAVES, 5).path).toEqual([
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ])
})
