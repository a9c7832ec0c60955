// What a certified change of the validators means here (spec/consensus.md, "Membership"). Called by whoever has moved the
// certified head.

import { assert } from '../types/assert.ts'
import type { Epoch } from '../types/brand.ts'
import { replyToLeader } from './acknowledge.ts'
import { entryOf } from './block-tree.ts'
import { isSeated, peersOf } from './epochs.ts'
import { endPreCampaign } from './liveness.ts'
import { createProgress, pumpAll } from './replicate.ts'
import { armEarlyElection, becomeFollower, leaderOf } from './roles.ts'
import { emit, type Step } from './step.ts'
import { certifiedHeight } from './tip.ts'
import { abortTransfer } from './transfer.ts'

/** The block after the certified head is of a new epoch: from now on its set votes and acks. */
export function maybeChangeEpoch(step: Step): void {
  const { state } = step
  const { block, nextSet } = entryOf(state.tree, state.certifiedHash)
  const epoch = (block.header.epoch + (nextSet === null ? 0 : 1)) as Epoch
  if (epoch === state.epoch) return
  assert(nextSet !== null && epoch === state.epoch + 1, 'an epoch is entered by the block that decided it')
  state.epochs.set(epoch, nextSet)
  state.epoch = epoch
  state.liveness.askers.clear()
  if (isSeated(state, { seat: state.settings.self, epoch })) goOn(step)
  else retire(step)
}

/** Whoever led goes on leading, with the new members; whoever stood for election starts over; nobody waits for a leader that has left. */
function goOn(step: Step): void {
  const { state } = step
  const { role } = state
  if (role.kind === 'leader') {
    const { transferTo } = role
    if (transferTo !== null && !isSeated(state, { seat: transferTo, epoch: state.epoch }))
      abortTransfer(step, 'disconnected')
    // The certificate goes to the old members, too: to the one that leaves it is the last word.
    pumpAll(step)
    const before = new Map(role.progress)
    role.progress.clear()
    for (const peer of peersOf(state)) {
      role.progress.set(peer, before.get(peer) ?? createProgress(certifiedHeight(state)))
    }
    return
  }
  const leader = leaderOf(state)
  const hasLeft = leader !== null && !isSeated(state, { seat: leader, epoch: state.epoch })
  const wasAsking = role.kind === 'candidate' || state.liveness.preCampaign !== null
  if (!hasLeft && !wasAsking) return
  if (role.kind === 'candidate') becomeFollower(step, { term: state.term })
  endPreCampaign(step)
  state.liveness.hearsLeader = false
  armEarlyElection(step)
}

/** Signs nothing more. Tells who is still to hear of it, and stops. */
export function retire(step: Step): void {
  const { state } = step
  pumpAll(step)
  replyToLeader(step, { acks: [] })
  for (const id of state.reads.keys()) emit(step, { kind: 'readFailed', id, reason: 'timeout' })
  state.reads.clear()
  state.halted = true
  const { epoch, certifiedHash: blockHash } = state
  emit(step, { kind: 'retired', epoch, height: certifiedHeight(state), blockHash })
}
