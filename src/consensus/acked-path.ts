// The blocks that the last ack is about, by hash alone: the sign-state keeps them, so that a validator whose ledger was lost, or
// replaced by a snapshot, can still tell which branch binds it, and what frees it (spec/consensus.md, "Releases").

import type { Hash } from '../types/brand.ts'
import type { Tip } from '../types/certificate.ts'
import { contains, type Entry, pathFrom } from './block-tree.ts'
import { ACKED_PATH_MAX, type SignState } from './sign-state.ts'
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

/**
 * What a chain makes of the last ack that was certified past it elsewhere: the branch that left it, or, with the path empty, that
 * the ack is certified. The same where it is neither.
 */
export function settleAck(signState: SignState, certifiedHashAt: (height: number) => Hash | undefined): SignState {
  const { lastAck, ackedPath, branch } = signState
  if (lastAck === null || branch !== null) return signState
  const left = whereLeft(ackedPath, certifiedHashAt)
  if (left !== undefined) return { ...signState, branch: left }
  return certifiedHashAt(lastAck.height) === lastAck.hash ? { ...signState, ackedPath: [] } : signState
}
