// Leader: how far a follower is, and its acks (spec/consensus.md, sections 8 and 9).

import type { Hash, Seat } from '../types/brand.ts'
import { ackMessage } from '../types/signing.ts'
import { memberAt } from '../types/validator-set.ts'
import { contains, headerOf } from './block-tree.ts'
import { maybeCertify } from './certify.ts'
import { setOf } from './epochs.ts'
import type { AppendReply, From, SignedAck } from './messages.ts'
import { progressOf, pump, sendHeartbeat } from './replicate.ts'
import type { Progress, State } from './state.ts'
import { accuse, type Step } from './step.ts'
import { certifiedHeight } from './tip.ts'
import { maybeHandOver } from './transfer.ts'
import { witnessAck } from './witness.ts'

export function onAppendReply(step: Step, { from, message }: From<AppendReply>): void {
  const { state } = step
  if (state.role.kind !== 'leader' || message.term !== state.term) return
  const progress = progressOf(state, from)
  progress.heard = true
  progress.connected = true
  progress.timeRefused = message.timeRefused
  // It may be lower than before: what was certified last need not have been on disk when it crashed.
  progress.certifiedHeight = message.certified.height
  switch (message.status) {
    case 'matched':
      progress.confirmed = true
      advance(state, { progress, message })
      for (const ack of message.acks) if (!collectAck(step, { from, ack })) return
      break
    case 'missing':
      progress.confirmed = true
      if (progress.resent) return
      progress.resent = true
      goBack(state, { progress, message })
      break
    case 'unknownLeader':
      progress.confirmed = false
      if (progress.resent) return
      progress.resent = true
      sendHeartbeat(step, from)
      return
  }
  maybeCertify(step)
  // The certificate may have ended a leadership, or the membership of this follower.
  if (state.role.kind !== 'leader' || !state.role.progress.has(from)) return
  pump(step, from)
  if (state.role.transferTo === from) maybeHandOver(step)
}

function advance(state: State, { progress, message }: { progress: Progress; message: AppendReply }): void {
  const { match } = message
  if (!isOnOwnChain(state, match.hash)) return
  const { height } = headerOf(state.tree, match.hash)
  // From a follower that was far behind, this is the first sign of life.
  if (progress.behind) {
    progress.behind = false
    progress.matchHeight = height
    progress.sentHeight = height
  }
  progress.matchHeight = Math.max(progress.matchHeight, height)
  progress.sentHeight = Math.max(progress.sentHeight, height)
}

/** Goes on from what both have: the follower's tip, else its certified head, else only block sync helps. */
function goBack(state: State, { progress, message }: { progress: Progress; message: AppendReply }): void {
  const common = [message.match, message.certified].find(({ hash }) => isOnOwnChain(state, hash))
  progress.behind = common === undefined
  if (common === undefined) return
  const { height } = headerOf(state.tree, common.hash)
  progress.matchHeight = height
  progress.sentHeight = height
}

function isOnOwnChain({ tree, tipHash }: State, hash: Hash): boolean {
  return contains(tree, { hash: tipHash, ancestor: hash })
}

/** False when the ack is not what an honest follower of this term sends. */
function collectAck(step: Step, { from, ack: { ack, signature } }: { from: Seat; ack: SignedAck }): boolean {
  const { state, settings } = step
  const entry = state.tree.entries.get(ack.blockHash)
  // Certified meanwhile, or repeated.
  if (entry === undefined || entry.block.header.height <= certifiedHeight(state) || entry.acks.has(from)) return true
  const { header } = entry.block
  const isOfThisTerm =
    ack.chainId === settings.chainId &&
    ack.epoch === header.epoch &&
    ack.term === state.term &&
    header.term === state.term &&
    ack.height === header.height
  if (!isOfThisTerm) {
    accuse(step, { member: from, what: 'foreignStatement' })
    return false
  }
  const set = setOf(state, ack.epoch)
  const validator = set && memberAt(set, from)
  // Said before it got its seat: by its former key.
  if (validator === undefined) return true
  if (!settings.verify(validator.consensusKey, ackMessage(ack), signature)) {
    accuse(step, { member: from, what: 'badSignature' })
    return false
  }
  entry.acks.set(from, signature)
  witnessAck(step, { member: from, ack, signature })
  return true
}
