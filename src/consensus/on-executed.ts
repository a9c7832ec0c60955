// The ledger's verdict on a block (spec/consensus.md, section 7).

import { acknowledge, replyToLeader } from './acknowledge.ts'
import { contains, type Entry } from './block-tree.ts'
import { applyCommitCert, maybeCommit } from './commit.ts'
import { epochFault } from './epoch-rules.ts'
import type { Executed } from './events.ts'
import { storeLeaderCert } from './learn-leader.ts'
import { emit, type Step } from './step.ts'
import { maybeMoveTip } from './tip.ts'
import { witnessBadTransaction } from './witness.ts'

/** Valid: 1. stored; 2. perhaps the new tip; 3. certified, if only this was missing; 4. acked, and the leader told. */
export function onExecuted(step: Step, { blockHash, verdict }: Executed): void {
  const { state } = step
  const entry = state.tree.entries.get(blockHash)
  if (entry === undefined || entry.status !== 'received') return
  if (verdict.kind === 'invalid') {
    refuse(step, { entry, reason: verdict.reason })
    if (verdict.shown) witnessBadTransaction(step, { block: entry.block, shown: verdict.shown })
    return
  }
  const parent = state.tree.entries.get(entry.block.header.parentHash)
  if (parent?.status !== 'valid') return
  const fault = epochFault(entry.block, { parent: parent.block.header, nextSet: parent.nextSet })
  if (fault !== null) {
    refuse(step, { entry, reason: fault })
    return
  }

  // 1
  entry.status = 'valid'
  entry.nextSet = verdict.nextSet
  storeLeaderCert(step, entry.block.header.leaderCertHash)
  emit(step, { kind: 'persistBlock', block: entry.block })
  // 2
  maybeMoveTip(step, blockHash)
  // 3
  maybeCommit(step)
  // 4
  const acks = acknowledge(step)
  replyToLeader(step, { acks })
}

/** The block and what was built on it will never be acked here. */
function refuse(step: Step, { entry, reason }: { entry: Entry; reason: string }): void {
  const { tree, pendingCommit } = step.state
  const { hash, header } = entry.block
  for (const other of tree.entries.values()) {
    if (contains(tree, { hash: other.block.hash, ancestor: hash })) other.status = 'invalid'
  }
  emit(step, { kind: 'invalidBlock', blockHash: hash, height: header.height, proposer: header.proposer, reason })
  if (pendingCommit === null) return
  const pending = tree.entries.get(pendingCommit.blockHash)
  if (pending?.status === 'invalid') applyCommitCert(step, { certificate: pendingCommit, entry: pending })
}
