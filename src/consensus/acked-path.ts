// The blocks that the last ack is about, by hash alone: the sign-state keeps them, so that a validator whose ledger was lost, or
// replaced by a snapshot, can still tell which branch binds it, and what frees it (spec/consensus.md, "Releases").

import type { Hash } from '../types/brand.ts'
import type { Tip } from '../types/certificate.ts'
import { contains, type Entry, pathFrom } from './block-tree.ts'
import { ACKED_PATH_MAX } from './sign-state.ts'
import type { State } from './state.ts'

/** From the block above the certified head up to this one. */
export function ackedPathTo(state: State, { block }: Entry): readonly Tip[] {
  const path = pathFrom(state.tree, { base: state.certifiedHash, hash: block.hash })
  return path.slice(0, ACKED_PATH_MAX).map(({ block: { header, hash } }) => {
    const { term, height } = header
    return { term, height, hash }
  })
}

/** Is the last ack about this block: is it on the block's branch? */
export function isAckedUnder({ tree, signState: { lastAck, ackedPath } }: State, ancestor: Hash): boolean {
  if (lastAck === null) return false
  return contains(tree, { hash: lastAck.hash, ancestor }) || ackedPath.some(({ hash }) => hash === ancestor)
}

/** The lowest of them in whose place another block was certified. `certifiedHashAt`: as far as it is known. */
export function whereLeft(
  ackedPath: readonly Tip[],
  certifiedHashAt: (height: number) => Hash | undefined,
): Tip | undefined {
  return ackedPath.find(({ height, hash }) => (certifiedHashAt(height) ?? hash) !== hash)
}
