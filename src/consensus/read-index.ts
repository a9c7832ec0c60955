// ReadIndex: linearizable reads on any validator, without a block and without trust in a leader (Ongaro's dissertation,
// 6.4; spec/consensus.md, "Reads").
//
// Whatever anybody was told is committed has q acks. Each of those members acked that block or, since, one above it; so
// of any q members one names a block that contains it, and the latest of the q is no earlier. Once the own certified head
// is as late as that, it contains whatever of it was certified, and replaces the rest.

import type { Header, SignedHeader } from '../types/block.ts'
import type { Hash, Seat } from '../types/brand.ts'
import type { Tip } from '../types/certificate.ts'
import { blockHash, headerMessage } from '../types/signing.ts'
import { memberAt, quorum, type ValidatorSet } from '../types/validator-set.ts'
import { entryOf } from './block-tree.ts'
import { peersOf, presentSet, setOf } from './epochs.ts'
import type { ReadIndex } from './events.ts'
import { READS_PENDING_MAX } from './limits.ts'
import type { From, ReadIndexAnswer, ReadIndexRequest } from './messages.ts'
import type { PendingRead, State } from './state.ts'
import { accuse, emit, type Step, send, setTimer } from './step.ts'
import { compareTips, pendingAck, tipOf } from './tip.ts'

/** Answered by `readReady` or, at the latest an election timeout later, by `readFailed`. */
export function onReadIndex(step: Step, { id }: ReadIndex): void {
  const { state, settings } = step
  const { reads } = state
  if (reads.size >= READS_PENDING_MAX) {
    emit(step, { kind: 'readFailed', id, reason: 'busy' })
    return
  }
  const { heartbeatMs, electionTimeoutMaxMs } = settings.timing
  const latest = pendingAck(state) ?? certifiedTip(state)
  const read: PendingRead = {
    answered: new Set([settings.self]),
    latest,
    roundsLeft: Math.ceil(electionTimeoutMaxMs / heartbeatMs),
  }
  if (reads.size === 0) setTimer(step, { timer: 'read', delayMs: heartbeatMs })
  reads.set(id, read)
  ask(step, { id, read })
  settleReads(step)
}

/** A member asks for the header of this one's last ack; what is certified above it is later still. */
export function onReadIndexRequest(step: Step, { from, message: { id } }: From<ReadIndexRequest>): void {
  const { state } = step
  const hash = latestHash(state)
  // A block that was acked is on disk; if it is not, this node cannot show what it said.
  const entry = state.tree.entries.get(hash)
  if (entry === undefined) return
  const { header, signature } = entry.block
  send(step, {
    to: from,
    message: { kind: 'readIndexAnswer', id, lastAck: header.height === 0 ? null : { header, signature } },
  })
}

export function onReadIndexAnswer(step: Step, { from, message: { id, lastAck } }: From<ReadIndexAnswer>): void {
  const { state } = step
  const read = state.reads.get(id)
  if (read === undefined || read.answered.has(from)) return
  if (lastAck !== null) {
    const set = setOf(state, lastAck.header.epoch)
    // Of an epoch that has not begun here: this node has to catch up, and asks again.
    if (set === undefined) return
    if (!isSigned(step, { ...lastAck, set })) {
      accuse(step, { member: from, what: 'badSignature' })
      return
    }
    const { term, height } = lastAck.header
    const tip = { term, height, hash: blockHash(lastAck.header) }
    // Anybody can sign a header of any term. Of one that is above the head this node knows the leader, or soon will.
    if (compareTips(tip, certifiedTip(state)) > 0 && !isUnderKnownLeader(state, lastAck.header)) return
    if (compareTips(tip, read.latest) > 0) read.latest = tip
  }
  read.answered.add(from)
  settleReads(step)
}

/** Asks again whom a message did not reach; gives up after an election timeout. */
export function onReadTimer(step: Step): void {
  const { reads } = step.state
  for (const [id, read] of reads) {
    if (--read.roundsLeft > 0) {
      ask(step, { id, read })
      continue
    }
    reads.delete(id)
    emit(step, { kind: 'readFailed', id, reason: 'timeout' })
  }
  if (reads.size > 0) setTimer(step, { timer: 'read', delayMs: step.settings.timing.heartbeatMs })
}

/** Reads that q members have answered, and that the certified head has reached. */
export function settleReads(step: Step): void {
  const { state } = step
  const head = certifiedTip(state)
  for (const [id, { answered, latest }] of state.reads) {
    if (!isAnswered(state, answered) || compareTips(head, latest) < 0) continue
    state.reads.delete(id)
    emit(step, { kind: 'readReady', id, height: head.height })
  }
}

function ask(step: Step, { id, read }: { id: number; read: PendingRead }): void {
  if (isAnswered(step.state, read.answered)) return
  for (const peer of peersOf(step.state)) {
    if (!read.answered.has(peer)) send(step, { to: peer, message: { kind: 'readIndexRequest', id } })
  }
}

/** By a quorum of the present set: who votes may change while a read waits. */
function isAnswered(state: State, answered: ReadonlySet<Seat>): boolean {
  const set = presentSet(state)
  return set.members.filter(({ seat }) => answered.has(seat)).length >= quorum(set)
}

function isUnderKnownLeader({ leaderCerts }: State, { leaderCertHash, term, proposer }: Header): boolean {
  const certificate = leaderCerts.get(leaderCertHash)
  return certificate?.term === term && certificate.candidate === proposer
}

const certifiedTip = (state: State): Tip => tipOf(state, state.certifiedHash)

/** Of the last ack while it is above the certified head; else the head, which contains it or took its place. */
function latestHash(state: State): Hash {
  return pendingAck(state)?.hash ?? entryOf(state.tree, state.certifiedHash).block.hash
}

function isSigned({ settings }: Step, { header, signature, set }: SignedHeader & { set: ValidatorSet }): boolean {
  const key = memberAt(set, header.proposer)?.consensusKey
  return (
    header.chainId === settings.chainId && key !== undefined && settings.verify(key, headerMessage(header), signature)
  )
}
