// Catching up by block sync: one request at a time, until the highest certificate heard of is reached
// (spec/consensus.md, section 11).

import type { Height, Seat } from '../types/brand.ts'
import { peersOf } from './epochs.ts'
import { emit, type Step } from './step.ts'
import { certifiedHeight } from './tip.ts'

export function requestSync(step: Step, { from, targetHeight }: { from: Seat; targetHeight: number }): void {
  const { state } = step
  if (state.sync !== null) {
    state.sync.targetHeight = Math.max(state.sync.targetHeight, targetHeight)
    return
  }
  state.sync = { from, targetHeight, isApplying: false }
  fetchNext(step, from)
}

/** Of a later epoch than is known here: only the certified chain says who may speak in it. One run, then asked again. */
export function catchUp(step: Step, from: Seat): void {
  requestSync(step, { from, targetHeight: certifiedHeight(step.state) + 1 })
}

/** Without a leader: whoever has left the set, or is in a later epoch, still has the certified chain. */
export function catchUpWithSomebody(step: Step): void {
  const peers = peersOf(step.state)
  const peer = peers[step.random % peers.length]
  if (peer !== undefined) catchUp(step, peer)
}

/** After a commit: the next run, or done. */
export function continueSync(step: Step): void {
  const { sync } = step.state
  if (sync === null) return
  if (certifiedHeight(step.state) >= sync.targetHeight) step.state.sync = null
  else if (sync.isApplying) {
    sync.isApplying = false
    fetchNext(step, sync.from)
  }
}

function fetchNext(step: Step, from: Seat): void {
  emit(step, { kind: 'needSync', from, fromHeight: (certifiedHeight(step.state) + 1) as Height })
}
