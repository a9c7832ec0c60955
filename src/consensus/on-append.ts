// Follower: an append from whoever says it leads (spec/consensus.md, section 8).

import type { Hash } from '../types/brand.ts'
import { acceptBlocks } from './accept-blocks.ts'
import { acknowledge, positionOf, replyToLeader, standingAcks } from './acknowledge.ts'
import { contains } from './block-tree.ts'
import { learnCommitCert } from './commit.ts'
import { hasReplaced } from './epochs.ts'
import { learnLeaderCert } from './learn-leader.ts'
import type { Append, AppendReply, From } from './messages.ts'
import { hearLeader, leaderOf } from './roles.ts'
import { sendStaleTerm } from './stale-term.ts'
import { accuse, type Step, send } from './step.ts'
import { witnessHeader } from './witness.ts'

/**
 * 1. an old term is told so; 2. leadership is shown, not claimed; 3. blocks on top of what is here enter the tree;
 * 4. the CommitCert commits, the leader's word does not; 5. what can be acked is acked, and the leader told.
 */
export function onAppend(step: Step, { from, message }: From<Append>): void {
  const { state } = step

  // 1
  if (message.term < state.term) {
    sendStaleTerm(step, from)
    return
  }

  // 2
  for (const certificate of message.leaderCerts) {
    if (learnLeaderCert(step, { from, certificate })) continue
    // Nothing of it enters the tree; what its leader signed may be evidence all the same.
    for (const block of message.blocks) witnessHeader(step, block)
    return
  }
  if (message.term !== state.term || leaderOf(state) === null) {
    answer(step, { from, message, status: 'unknownLeader' })
    return
  }
  if (leaderOf(state) !== from || state.role.kind !== 'follower') {
    // Sent by the leader before its key was replaced, it is no lie.
    if (!hasReplaced(state, { seat: from, former: leaderOf(state) }))
      accuse(step, { member: from, what: 'foreignStatement' })
    return
  }
  hearLeader(step)

  // 3
  const isHere = state.tree.entries.has(message.previous.hash)
  const accepted = acceptBlocks(step, {
    from,
    isCertified: false,
    base: message.previous.hash,
    blocks: isHere ? message.blocks : [],
  })
  if (isHere) moveLeaderHead(step, accepted.head)

  // 4
  if (message.commitCert !== null) learnCommitCert(step, { from, certificate: message.commitCert })
  if (state.halted) return

  // 5
  if (!isHere) {
    answer(step, { from, message, status: 'missing' })
    return
  }
  const acks = acknowledge(step)
  // New blocks are answered once they are executed; an empty append asks what may have been lost.
  if (acks.length > 0 || !accepted.isNew || accepted.isTooEarly) {
    replyToLeader(step, { acks: accepted.isNew ? acks : standingAcks(step), isTooEarly: accepted.isTooEarly })
  }
}

/** The leader's chain only grows within its term; what does not extend it is a lie that is not followed. */
function moveLeaderHead({ state }: Step, head: Hash): void {
  const { role, tree, certifiedHash } = state
  if (role.kind !== 'follower') return
  const current = role.leaderHead ?? certifiedHash
  if (contains(tree, { hash: head, ancestor: current })) role.leaderHead = head
}

function answer(
  step: Step,
  { from, message, status }: From<Append> & { status: Exclude<AppendReply['status'], 'matched'> },
): void {
  const { state } = step
  send(step, {
    to: from,
    message: {
      kind: 'appendReply',
      term: message.term,
      status,
      match: positionOf(state, state.tipHash),
      certified: positionOf(state, state.certifiedHash),
      acks: [],
      timeRefused: false,
    },
  })
}
