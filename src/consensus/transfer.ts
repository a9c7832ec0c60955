// Leadership transfer (Ongaro's dissertation, 3.10; spec/consensus.md, section 6): the leader brings one follower up to
// date, proposes nothing meanwhile, and tells it to stand for election at once, with a notice that lets others vote for it.

import type { Seat } from '../types/brand.ts'
import { transferNoticeMessage } from '../types/signing.ts'
import { memberAt } from '../types/validator-set.ts'
import { headerOf } from './block-tree.ts'
import type { TransferFailure } from './effects.ts'
import { presentSet } from './epochs.ts'
import type { Transfer } from './events.ts'
import type { SignedTransferNotice } from './messages.ts'
import { leaderOf } from './roles.ts'
import type { Leader } from './state.ts'
import { emit, type Step, send, setTimer } from './step.ts'

/** Either a new leader is heard of within a minimum election timeout, or `transferFailed` follows. */
export function onTransfer(step: Step, { target: wanted }: Transfer): void {
  const { role } = step.state
  if (role.kind !== 'leader') {
    fail(step, 'notLeader')
    return
  }
  const target = wanted ?? furthest(role)
  if (target === null || !role.progress.has(target)) {
    fail(step, 'noTarget')
    return
  }
  role.transferTo = target
  // The minimum: before followers whose work waits could take the pause for a standstill.
  setTimer(step, { timer: 'transfer', delayMs: step.settings.timing.electionTimeoutMinMs })
  maybeHandOver(step)
}

/** As soon as the target has the whole chain; repeated at every heartbeat, for a message may get lost. */
export function maybeHandOver(step: Step): void {
  const { state, settings } = step
  const { role, term } = state
  if (role.kind !== 'leader' || role.transferTo === null) return
  const target = role.transferTo
  const progress = role.progress.get(target)
  // It may have lost its seat meanwhile: then the timer ends the matter.
  if (progress === undefined || !progress.confirmed) return
  if (progress.matchHeight < headerOf(state.tree, state.tipHash).height) return
  const notice = { chainId: settings.chainId, term, target }
  const signature = settings.sign(transferNoticeMessage(notice))
  send(step, { to: target, message: { kind: 'timeoutNow', transfer: { notice, signature } } })
}

/** The target does not take over: a leader goes on as before. */
export function abortTransfer(step: Step, reason: 'timeout' | 'disconnected'): void {
  const { role } = step.state
  if (role.kind === 'leader') role.transferTo = null
  fail(step, reason)
}

/** Has the leader of the present term signed that it hands over to this member? */
export function isHandedOver(
  { state, settings }: Step,
  { to, transfer }: { to: Seat; transfer: SignedTransferNotice | null },
): boolean {
  const leader = leaderOf(state)
  if (transfer === null || leader === null) return false
  const { notice, signature } = transfer
  const set = presentSet(state)
  const key = memberAt(set, leader)?.consensusKey
  return (
    notice.chainId === settings.chainId &&
    notice.term === state.term &&
    notice.target === to &&
    key !== undefined &&
    settings.verify(key, transferNoticeMessage(notice), signature)
  )
}

/** Of those whose connection is open, who has most of the chain. */
function furthest({ progress }: Leader): Seat | null {
  const able = [...progress].filter(([, { confirmed, behind, connected }]) => confirmed && !behind && connected)
  const [first] = able.sort(([, left], [, right]) => right.matchHeight - left.matchHeight)
  return first?.[0] ?? null
}

function fail(step: Step, reason: TransferFailure): void {
  emit(step, { kind: 'transferFailed', reason })
}
