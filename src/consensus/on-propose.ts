// Leader: a draft becomes a block of its term (spec/consensus.md, section 8).

import { assert } from '../types/assert.ts'
import type { Block, Header } from '../types/block.ts'
import type { Height } from '../types/brand.ts'
import { ZERO_HASH } from '../types/brand.ts'
import { blockHash, commitCertHash, signHeader } from '../types/signing.ts'
import { signAck } from './acknowledge.ts'
import { ancestorsAfter, bytesOf, createEntry, entryOf, headerOf } from './block-tree.ts'
import { canPropose, type Opportunity } from './can-propose.ts'
import { maybeCertify } from './certify.ts'
import type { Propose } from './events.ts'
import { pumpAll } from './replicate.ts'
import { emit, type Step } from './step.ts'
import { moveTip } from './tip.ts'
import { witnessHeader } from './witness.ts'

/**
 * 1. a draft that fits no more gives its transactions back; 2. the header is signed, the block acked by its own leader;
 * 3. block, then sign-state, go to disk before anybody sees them; 4. followers get it; alone, the leader is the quorum.
 */
export function onPropose(step: Step, draft: Propose): void {
  const { state } = step

  // 1
  const opportunity = canPropose(state)
  if (state.role.kind !== 'leader' || opportunity === null || !fits(draft, opportunity)) {
    const { transactions } = draft
    if (transactions.length > 0) emit(step, { kind: 'returned', transactions })
    return
  }

  // 2
  const block = createBlock(step, draft)
  const parent = entryOf(state.tree, block.header.parentHash)
  const entry = createEntry(block, { status: 'valid', ancestors: ancestorsAfter(parent) })
  entry.nextSet = draft.nextSet
  state.tree.entries.set(block.hash, entry)
  witnessHeader(step, block)
  state.role.opened = true
  entry.acks.set(step.settings.self, signAck(step, entry).signature)

  // 3
  emit(step, { kind: 'persistBlock', block })
  emit(step, { kind: 'persistSignState', signState: state.signState })
  moveTip(step, block.hash)

  // 4
  pumpAll(step)
  maybeCertify(step)
}

function fits(draft: Propose, { parentHash, epoch, parentTimeMs, opening, bytesMax }: Opportunity): boolean {
  return (
    draft.parentHash === parentHash &&
    draft.epoch === epoch &&
    draft.timeMs > parentTimeMs &&
    (opening || draft.transactions.length > 0) &&
    bytesOf(draft) <= bytesMax
  )
}

function createBlock({ state, settings }: Step, draft: Propose): Block {
  const { leaderCertHash, commitCert } = state
  assert(leaderCertHash !== null, 'a leader has its LeaderCert')
  const { version, parentHash, timeMs, txRoot, receiptRoot, stateRoot, logRoot, transactions } = draft
  const header: Header = {
    version,
    chainId: settings.chainId,
    epoch: state.epoch,
    height: (headerOf(state.tree, parentHash).height + 1) as Height,
    term: state.term,
    parentHash,
    timeMs,
    proposer: settings.self,
    txRoot,
    receiptRoot,
    stateRoot,
    logRoot,
    leaderCertHash,
    commitCertHash: commitCert === null ? ZERO_HASH : commitCertHash(commitCert),
  }
  const opensEpoch = state.epoch > headerOf(state.tree, parentHash).epoch
  const epochCert = opensEpoch ? commitCert : null
  return { ...signHeader(header, settings.sign), hash: blockHash(header), transactions, epochCert }
}
