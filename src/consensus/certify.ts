// Leader: q acks on one block of its own term make a CommitCert (spec/consensus.md, section 9).

import { quorum } from '../types/validator-set.ts'
import { type Entry, pathFrom } from './block-tree.ts'
import { createCommitCert } from './certificate.ts'
import { commit } from './commit.ts'
import { setOf } from './epochs.ts'
import { pumpAll } from './replicate.ts'
import type { State } from './state.ts'
import type { Step } from './step.ts'
import { witnessCommitCert } from './witness.ts'

/**
 * Certifies the highest block that a quorum has acked, and its ancestors with it. Inherited blocks carry no acks: they
 * are certified only in this way, through a block of the leader's term (Raft, section 5.4.2).
 */
export function maybeCertify(step: Step): void {
  const { state } = step
  const uncertified = pathFrom(state.tree, { base: state.certifiedHash, hash: state.tipHash })
  const entry = uncertified.findLast((candidate) => hasQuorum(state, candidate))
  if (entry === undefined) return
  const { header, hash } = entry.block
  const { chainId, epoch, term, height } = header
  const certificate = createCommitCert({ chainId, epoch, term, height, blockHash: hash }, entry.acks)
  witnessCommitCert(step, certificate)
  commit(step, certificate)
  pumpAll(step)
}

/** Acks are those of validators of the block's own epoch. */
function hasQuorum(state: State, { acks, block: { header } }: Entry): boolean {
  const set = setOf(state, header.epoch)
  return header.term === state.term && set !== undefined && acks.size >= quorum(set)
}
