// Block sync has brought a certified run (spec/consensus.md, section 11). Checked like everything that a member sends;
// executed and committed on the same way as any other block.

import type { Block } from '../types/block.ts'
import type { Hash, Seat } from '../types/brand.ts'
import { acceptBlocks } from './accept-blocks.ts'
import { commitCertFault } from './certificate.ts'
import { applyCommitCert, isOfBlock } from './commit.ts'
import { verifierOf } from './epochs.ts'
import type { Synced } from './events.ts'
import { learnLeaderCert } from './learn-leader.ts'
import { SYNC_RUN_BLOCKS_MAX } from './limits.ts'
import { accuse, type Step } from './step.ts'
import { certifiedHeight } from './tip.ts'
import { witnessCommitCert, witnessHeader } from './witness.ts'

/** 1. the certificate is valid; 2. the LeaderCerts are; 3. the blocks lead from the certified head to it. */
export function onSynced(step: Step, { from, blocks, leaderCerts, commitCert }: Synced): void {
  const { state } = step
  if (state.sync === null) return

  // 1
  if (commitCertFault(commitCert, verifierOf(state)) !== null) {
    giveUp(step, { from, what: 'badCertificate' })
    return
  }
  witnessCommitCert(step, commitCert)
  if (commitCert.height <= certifiedHeight(state)) {
    state.sync = null
    return
  }

  // 2
  for (const certificate of leaderCerts) {
    if (learnLeaderCert(step, { from, certificate })) continue
    for (const block of blocks.slice(0, SYNC_RUN_BLOCKS_MAX)) witnessHeader(step, block)
    state.sync = null
    return
  }

  // 3
  const missing = blocks
    .slice(0, SYNC_RUN_BLOCKS_MAX)
    .filter(({ header }) => header.height > certifiedHeight(state) && header.height <= commitCert.height)
  if (!isChain(missing, { from: state.certifiedHash, to: commitCert.blockHash })) {
    giveUp(step, { from, what: 'badChain' })
    return
  }
  acceptBlocks(step, { from, base: state.certifiedHash, blocks: missing, isCertified: true })
  const entry = state.tree.entries.get(commitCert.blockHash)
  if (entry === undefined || !isOfBlock(commitCert, entry)) {
    giveUp(step, { from, what: 'badChain' })
    return
  }
  state.sync.isApplying = true
  applyCommitCert(step, { certificate: commitCert, entry })
}

/** Then the certificate stands for every one of them, and bounds on what is not certified do not count. */
function isChain(blocks: readonly Block[], { from, to }: { from: Hash; to: Hash }): boolean {
  let last = from
  for (const { header, hash } of blocks) {
    if (header.parentHash !== last) return false
    last = hash
  }
  return last === to
}

/** The next CommitCert that is out of reach starts it again. */
export function onSyncFailed(step: Step): void {
  step.state.sync = null
}

function giveUp(step: Step, { from, what }: { from: Seat; what: 'badCertificate' | 'badChain' }): void {
  accuse(step, { member: from, what })
  step.state.sync = null
}
