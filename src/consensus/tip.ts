// On which block this validator would build, and what its last ack says about it (R1, R3; spec/consensus.md, section 6).

import type { Hash, Height } from '../types/brand.ts'
import type { Tip } from '../types/certificate.ts'
import { contains, entryOf, headerOf } from './block-tree.ts'
import { mayFollow, ownReleases } from './lock.ts'
import type { State } from './state.ts'
import { emit, type Step } from './step.ts'

export function tipOf(state: State, hash: Hash): Tip {
  const { term, height } = headerOf(state.tree, hash)
  return { term, height, hash }
}

export function certifiedHeight(state: State): Height {
  return headerOf(state.tree, state.certifiedHash).height
}

/** Raft's order of tips: later term, then higher. Positive when `left` is ahead. */
export function compareTips(left: Pick<Tip, 'term' | 'height'>, right: Pick<Tip, 'term' | 'height'>): number {
  return left.term !== right.term ? left.term - right.term : left.height - right.height
}

/** The last ack, while its block may still be certified. */
export function pendingAck(state: State): Tip | null {
  return state.ackStanding === 'binding' ? state.signState.lastAck : null
}

/** May this validator stand for election with this tip? Never below its own acks, unless its Release frees it (R3). */
export function coversLastAck(state: State, hash: Hash): boolean {
  const holds = (ack: Tip): boolean => contains(state.tree, { hash, ancestor: ack.hash })
  return mayFollow(state, { tip: headerOf(state.tree, hash), holds }, ownReleases(state))
}

/** Moves the tip to this block if it is ahead. A candidate's or leader's tip stays what its votes were given for. */
export function maybeMoveTip(step: Step, hash: Hash): void {
  const { state } = step
  if (state.role.kind === 'follower' && isBetterTip(state, hash)) moveTip(step, hash)
}

/** The best tip in the tree again, after a branch was dropped or a role has ended. */
export function chooseTip(step: Step): void {
  const { state } = step
  const before = state.tipHash
  if (!contains(state.tree, { hash: before, ancestor: state.certifiedHash })) state.tipHash = state.certifiedHash
  const height = certifiedHeight(state)
  for (const { block } of state.tree.entries.values()) {
    if (block.header.height >= height && isBetterTip(state, block.hash)) state.tipHash = block.hash
  }
  if (state.tipHash !== before) moveTip(step, state.tipHash)
}

export function moveTip(step: Step, hash: Hash): void {
  step.state.tipHash = hash
  emit(step, { kind: 'moveTip', blockHash: hash, height: headerOf(step.state.tree, hash).height })
}

export function isBetterTip(state: State, hash: Hash): boolean {
  const { tree, tipHash, certifiedHash } = state
  return (
    entryOf(tree, hash).status === 'valid' &&
    (compareTips(headerOf(tree, hash), headerOf(tree, tipHash)) > 0 || !coversLastAck(state, tipHash)) &&
    contains(tree, { hash, ancestor: certifiedHash }) &&
    coversLastAck(state, hash)
  )
}
