// Connections come and go.

import { isSeated } from './epochs.ts'
import type { PeerConnected, PeerDisconnected } from './events.ts'
import { askForPreVotes } from './pre-campaign.ts'
import { progressOf, sendHeartbeat } from './replicate.ts'
import { armEarlyElection, leaderOf } from './roles.ts'
import type { Step } from './step.ts'
import { abortTransfer } from './transfer.ts'
import { askForVotes } from './vote-request.ts'

/** What was in flight is lost: go on from what the member is known to have, or ask it again. */
export function onPeerConnected(step: Step, { member }: PeerConnected): void {
  const { state } = step
  const { role } = state
  if (member === step.settings.self || !isSeated(state, { seat: member, epoch: state.epoch })) return
  if (role.kind === 'leader') {
    const progress = progressOf(state, member)
    progress.sentHeight = progress.matchHeight
    sendHeartbeat(step, member)
  }
  if (role.kind === 'follower') askForPreVotes(step, [member])
  if (role.kind === 'candidate' && !role.votes.has(member)) askForVotes(step, member)
}

/** A closed connection to the leader: most likely its process is gone, so nobody waits out the election timeout. */
export function onPeerDisconnected(step: Step, { member }: PeerDisconnected): void {
  const { state } = step
  if (state.role.kind === 'leader') {
    const progress = state.role.progress.get(member)
    if (progress !== undefined) progress.connected = false
    if (state.role.transferTo === member) abortTransfer(step, 'disconnected')
  }
  if (state.role.kind !== 'follower' || leaderOf(state) !== member) return
  state.liveness.hearsLeader = false
  armEarlyElection(step)
}
