// A follower's acks: one for every block of the current term, in order, each durable before it is sent (R1, R2, R4;
// spec/consensus.md, section 8).

import { assert } from '../types/assert.ts'
import type { Header } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import type { Ack, Tip } from '../types/certificate.ts'
import { ackMessage } from '../types/signing.ts'
import { ackedPathTo } from './acked-path.ts'
import { isOutOfTime } from './block-time.ts'
import { contains, type Entry, headerOf, pathFrom } from './block-tree.ts'
import { isSeated } from './epochs.ts'
import type { AppendReply, Position, SignedAck } from './messages.ts'
import { leaderOf } from './roles.ts'
import { ackFloor, EARLIER_ACKS_MAX } from './sign-state.ts'
import type { State } from './state.ts'
import { emit, type Step, send, setTimer } from './step.ts'

/** Signs the ack of one block and enters it into the sign-state; the caller persists that before anything is sent. */
export function signAck(step: Step, entry: Entry): SignedAck {
  const { state, settings } = step
  const { term, height } = entry.block.header
  assert(
    term === state.term && term >= ackFloor(state.signState),
    'an ack is of the current term, never below a vote (R2, R4)',
  )
  const ack = ackFor(step, entry)
  const signed = { ack, signature: settings.sign(ackMessage(ack)) }
  entry.ownAck = signed
  const isNew = !isAcked(state, entry.block.hash)
  if (!isNew) return signed
  const earlierAcks = earlierAcksAfter(state, entry)
  state.signState = {
    ...state.signState,
    term,
    lastAck: { term, height, hash: entry.block.hash },
    ackedPath: ackedPathTo(state, entry),
    earlierAcks,
    branch: null,
  }
  state.ackStanding = 'binding'
  state.releases.own = null
  return signed
}

/**
 * The ack before this one is kept beside it when it is of an earlier term and on another branch; all of them until the
 * certified head is of a later term than theirs, for then every tip that may be followed is.
 */
function earlierAcksAfter(state: State, { block }: Entry): readonly Tip[] {
  const { signState, ackStanding, tree } = state
  const { lastAck, earlierAcks } = signState
  const isApart =
    lastAck !== null &&
    ackStanding !== 'certified' &&
    lastAck.term < block.header.term &&
    !contains(tree, { hash: block.hash, ancestor: lastAck.hash })
  const all = isApart ? [...earlierAcks, lastAck] : earlierAcks
  const certifiedTerm = headerOf(tree, state.certifiedHash).term
  return all.filter(({ term }) => term >= certifiedTerm).slice(-EARLIER_ACKS_MAX)
}

/**
 * Acks what the leader's chain now allows: executed here, on the chain of the earlier acks of this term, of a time that
 * this clock can believe. Stops at the first block that does not qualify.
 */
export function acknowledge(step: Step): readonly SignedAck[] {
  const { state } = step
  const acks: SignedAck[] = []
  for (const entry of nextToAck(state)) {
    const { block } = entry
    if (!isAcked(state, block.hash)) {
      if (!isOnAckedChain(state, block.hash)) break
      if (holdUntilDue(step, block.header) || isOutOfTime(step, block.header)) break
    }
    acks.push(signAck(step, entry))
  }
  if (acks.length > 0) emit(step, { kind: 'persistSignState', signState: state.signState })
  return acks
}

/** Acks given in this term above the certified head: what a leader may have missed. */
export function standingAcks(step: Step): readonly SignedAck[] {
  return leaderChain(step.state).flatMap(({ ownAck, block }) =>
    ownAck !== null && block.header.term === step.state.term ? [ownAck] : [],
  )
}

/** Tells the leader how far this follower is. */
export function replyToLeader(
  step: Step,
  { acks, isTooEarly = false }: { acks: readonly SignedAck[]; isTooEarly?: boolean },
): void {
  const { state } = step
  const leader = leaderOf(state)
  if (state.role.kind !== 'follower' || leader === null) return
  const stored = leaderChain(state)
    .filter(({ status }) => status === 'valid')
    .at(-1)
  const message: AppendReply = {
    kind: 'appendReply',
    term: state.term,
    status: 'matched',
    match: positionOf(state, stored?.block.hash ?? state.certifiedHash),
    certified: positionOf(state, state.certifiedHash),
    acks,
    timeRefused: isTooEarly || nextToAck(state).some(({ block }) => isOutOfTime(step, block.header)),
  }
  send(step, { to: leader, message })
}

export function positionOf(state: State, hash: Hash): Position {
  return { height: headerOf(state.tree, hash).height, hash }
}

/** Uncertified blocks of the leader's chain, oldest first. */
function leaderChain({ role, tree, certifiedHash }: State): Entry[] {
  if (role.kind !== 'follower' || role.leaderHead === null) return []
  return pathFrom(tree, { base: certifiedHash, hash: role.leaderHead })
}

/** Blocks of the current term without own ack, as far as everything below them is executed. */
function nextToAck(state: State): Entry[] {
  const chain = leaderChain(state)
  const gap = chain.findIndex(({ status }) => status !== 'valid')
  const stored = gap < 0 ? chain : chain.slice(0, gap)
  const { self: seat } = state.settings
  // Who joined with the epoch has no voice about what came before it.
  const isOurs = ({ epoch, term }: Header): boolean => term === state.term && isSeated(state, { seat, epoch })
  return stored.filter(({ ownAck, block }) => ownAck === null && isOurs(block.header))
}

/** At or below the last ack of its term: signing it again, after a restart, says nothing new. */
function isAcked({ tree, signState: { lastAck } }: State, hash: Hash): boolean {
  return (
    lastAck !== null &&
    lastAck.term === headerOf(tree, hash).term &&
    contains(tree, { hash: lastAck.hash, ancestor: hash })
  )
}

/** R1: the acks of one term form one chain. */
function isOnAckedChain({ tree, signState: { lastAck }, ackStanding }: State, hash: Hash): boolean {
  if (lastAck === null || lastAck.term !== headerOf(tree, hash).term) return true
  if (ackStanding === 'binding') return contains(tree, { hash, ancestor: lastAck.hash })
  return ackStanding === 'certified'
}

/** A block from the future waits; the timer brings it back. */
function holdUntilDue(step: Step, { timeMs }: Header): boolean {
  const earlyMs = timeMs - step.settings.timing.clockDriftMaxMs - step.nowMs
  if (earlyMs <= 0) return false
  setTimer(step, { timer: 'ack', delayMs: Math.min(earlyMs, ACK_TIMER_MAX_MS) })
  return true
}

// Timers of the platform overflow beyond 2^31 ms; a block that far ahead is looked at again before.
const ACK_TIMER_MAX_MS = 60_000

function ackFor({ settings: { chainId } }: Step, { block: { header, hash } }: Entry): Ack {
  return { chainId, epoch: header.epoch, term: header.term, height: header.height, blockHash: hash }
}
