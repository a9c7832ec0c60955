// Makes the proof that a block's logRoot holds a certain ancestor, from a range below and the hashes of the blocks since.

import { appendLeaf, createRangeProof, type MountainRange, peakNodes } from '../../crypto/mountain-range.ts'
import { assert } from '../../types/assert.ts'
import type { Header } from '../../types/block.ts'
import type { Hash, Height } from '../../types/brand.ts'
import type { Lineage } from './lineage.ts'

/**
 * `since`: the hashes of the blocks from the end of `base` up to the parent of the header's block. `height`: of the
 * ancestor, not below the end of `base`.
 */
export function createLineage(
  header: Header,
  { height, base, since }: { height: Height; base: MountainRange; since: readonly Hash[] },
): Lineage {
  assert(base.size + since.length === header.height, 'the blocks since the base end at the parent')
  const nodes = new Map(peakNodes(base).map(({ position, hash }) => [position, hash]))
  let range = base
  for (const hash of since) {
    const appended = appendLeaf(range, hash)
    for (const node of appended.newNodes) nodes.set(node.position, node.hash)
    range = appended.range
  }
  const ancestor = since[height - base.size]
  assert(ancestor !== undefined, 'the ancestor is among the blocks since the base')
  const readNode = (position: number): Hash => {
    const hash = nodes.get(position)
    assert(hash !== undefined, 'a leaf after the base is proven by its peaks and the leaves since')
    return hash
  }
  return { header, ancestor, proof: createRangeProof(height, { size: header.height, readNode }) }
}
