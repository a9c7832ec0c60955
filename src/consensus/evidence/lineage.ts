// What a block says about the chain below it: its header commits, by logRoot, to every block before it. So one header
// and a short proof show which block a chain holds at a height, without the blocks between.

import { type RangeProof, verifyRangeProof } from '../../crypto/mountain-range.ts'
import { type Header, headerCodec } from '../../types/block.ts'
import type { Hash, Height } from '../../types/brand.ts'
import { type Codec, hash, list, record } from '../../types/canonical.ts'
import { blockHash } from '../../types/signing.ts'

/** The chain that ends in the block with this header holds block `ancestor` at the height in question. */
export interface Lineage {
  readonly header: Header
  readonly ancestor: Hash
  readonly proof: RangeProof
}

/** One node for every bit of a height. */
const PROOF_NODES_MAX = 51

const rangeProofCodec: Codec<RangeProof> = record<RangeProof>({
  path: list(hash, PROOF_NODES_MAX),
  otherPeaks: list(hash, PROOF_NODES_MAX),
})

export const lineageCodec: Codec<Lineage> = record<Lineage>({
  header: headerCodec,
  ancestor: hash,
  proof: rangeProofCodec,
})

export interface Place {
  readonly height: Height
  readonly hash: Hash
}

/**
 * Is it shown that the chain ending in `end` does not hold `block`? Too short a chain needs no proof, and neither do two
 * blocks of one height. The proof is as good as the header: whoever endorsed `end` has checked its logRoot.
 */
export function excludes(end: Place, { block, lineage }: { block: Place; lineage: Lineage | null }): boolean {
  if (end.height < block.height) return true
  const held = ancestorOf(end, { height: block.height, lineage })
  return held !== undefined && held !== block.hash
}

/** Is it shown that the chain ending in `end` holds `block`? */
export function includes(end: Place, { block, lineage }: { block: Place; lineage: Lineage | null }): boolean {
  return end.height >= block.height && ancestorOf(end, { height: block.height, lineage }) === block.hash
}

/** The block at `height` on the chain that ends in `end`, as far as it is shown. */
function ancestorOf(end: Place, { height, lineage }: { height: Height; lineage: Lineage | null }): Hash | undefined {
  if (end.height === height) return end.hash
  if (lineage === null) return undefined
  const { header, ancestor, proof } = lineage
  if (header.height !== end.height || blockHash(header) !== end.hash) return undefined
  const claim = { root: header.logRoot, size: header.height, leafIndex: height, leaf: ancestor }
  return verifyRangeProof(proof, claim) ? ancestor : undefined
}
