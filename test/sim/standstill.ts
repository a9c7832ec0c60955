// A group that was lied to may stand still for good, with b >= 2 or with somebody honest away: no Release that messages make may
// exist for the state that it is in (spec/consensus.md, "Releases"). Whether one exists is told here once more, from what everybody honest has acked. If none does,
// people look at what some member knows, and their institutions sign that a branch is given up.

import { decodeRelease, encodeRelease } from '../../src/consensus/release.ts'
import { decisionMessage } from '../../src/consensus/release-decision.ts'
import { decodeSignState } from '../../src/consensus/sign-state.ts'
import { consensusKeysOf } from '../../src/node/key-file.ts'
import { RpcError } from '../../src/rpc/errors.ts'
import type { StuckBranch } from '../../src/rpc/services.ts'
import type { Hash } from '../../src/types/brand.ts'
import type { Tip } from '../../src/types/certificate.ts'
import type { BlockIndex } from '../invariants/block-index.ts'
import { EPOCH_MS } from './clock.ts'
import type { SimulatedNode } from './node.ts'
import { quorumOf } from './quorum.ts'
import type { World } from './world.ts'

/**
 * Is there a tip for which every honest member may vote, each freed by a Release if need be? By messages: one that holds against
 * all liars left to reckon with. By people: one that takes what members said for true. Where there is neither, somebody who may
 * have acked is away for good, or bound to a block that went with its ledger and that nobody else has; a recovery is all that helps.
 */
export function isFreeable(world: World, by: 'messages' | 'people'): boolean {
  const { seats, blocks, certifiedHeight, convictedAlone } = world
  const { members, b } = seats.present
  const n = members.length
  const acks = votersOf(world).map(lastAckOf)
  const locks = acks.filter((ack) => ack !== null).filter(({ height }) => height > certifiedHeight)
  const liarsLeft = by === 'people' ? 0 : Math.max(0, b - convictedAlone.size)
  const isReleasable = (branch: Hash): boolean => {
    if (!blocks.hasTwin(branch)) return false
    const apart = acks.filter((ack) => ack === null || blocks.contains(ack.hash, branch) !== true).length
    return n - apart + liarsLeft < quorumOf({ n, b })
  }
  const mayFollow = (tip: Tip, lock: Tip): boolean =>
    tip.term > lock.term || (tip.term === lock.term && blocks.contains(tip.hash, lock.hash) === true)
  const isHeld = ({ hash }: Tip): boolean => world.honest.some(({ running }) => running?.ledger.isExecuted(hash))
  const tips = locks.filter(isHeld)
  // Where nobody has a block that anybody is bound to, what was certified is all there is to go on from.
  if (tips.length === 0) return locks.every((lock) => isReleasable(firstAbove(certifiedHeight, lock, blocks)))
  return tips.some((tip) => locks.every((lock) => mayFollow(tip, lock) || isReleasable(branchOf(lock, tip, blocks))))
}

/**
 * Until when a block has to be waited for that a clock set ahead has made: who has acked it may vote for no other tip, and nobody
 * else acks it before it is due. Only where too few are left without those (spec/consensus.md, section 8); 0 for not at all.
 */
export function dueMs(world: World): number {
  const { seats, blocks, certifiedHeight, certifiedTimeMs, queue } = world
  const { members, b } = seats.present
  const voters = votersOf(world)
  const times = voters.map(lastAckOf).map((ack) => {
    const isOpen = ack !== null && ack.height > certifiedHeight
    return isOpen ? (blocks.header(ack.hash)?.timeMs ?? 0) - EPOCH_MS : 0
  })
  const waiting = times.filter((timeMs) => timeMs > queue.nowMs)
  const canBeSpared = voters.length - waiting.length >= quorumOf({ n: members.length, b })
  return Math.max(certifiedTimeMs - EPOCH_MS, ...(canBeSpared ? [] : waiting))
}

/** Everybody honest whose seat is of a key that its machine holds: who has lost it says nothing until it is replaced. */
function votersOf({ seats, honest }: World): readonly SimulatedNode[] {
  return honest.filter(({ seat, keys }) => {
    const held = seats.seatOf(seat)
    const key = seats.present.members.find((member) => member.seat === held)?.consensusKey
    return consensusKeysOf(keys).some(({ publicKey }) => publicKey === key)
  })
}

/** The proposal about the lowest branch that anybody makes, signed by the institutions of everybody honest, is given to all nodes. False: nobody proposes anything. */
export function decideRelease({ honest, nodes, seats, consortium, trace }: World): boolean {
  const proposals = honest.flatMap(proposalsOf).sort((left, right) => left.branch.height - right.branch.height)
  const proposal = proposals[0]?.proposal ?? null
  const release = proposal === null ? null : decodeRelease(proposal)
  const set = release?.kind === 'governed' ? seats.setOf(release.epoch) : undefined
  if (release?.kind !== 'governed' || set === undefined) return false
  const message = decisionMessage({ ...release, chainId: consortium.chainId })
  const signatures = set.members.flatMap(({ seat }) => {
    const node = nodes[seats.memberOf(seat) ?? -1]
    return node?.isHonest ? [{ member: seat, signature: node.keys.signing.sign(message) }] : []
  })
  const decided = encodeRelease({ ...release, signatures })
  trace.line('institutions', () => `give up the branch at height ${release.start.header.height}`)
  for (const { running } of honest) running?.participant.consensus.decideRelease(decided).catch(() => undefined)
  return true
}

function proposalsOf({ running }: SimulatedNode): readonly StuckBranch[] {
  try {
    return running?.participant.consensus.standstill().filter(({ release }) => release === 'proposed') ?? []
  } catch (error) {
    // It follows, or is not ready.
    if (error instanceof RpcError) return []
    throw error
  }
}

function lastAckOf({ signState }: SimulatedNode): Tip | null {
  return signState.content === undefined ? null : decodeSignState(signState.content).lastAck
}

/** The lowest block on the way to `lock` that stands above `height`, as far as the way was seen. */
function firstAbove(height: number, lock: Tip, blocks: BlockIndex): Hash {
  let first = lock.hash
  for (;;) {
    const parent = blocks.header(first)?.parentHash
    const above = parent === undefined ? undefined : blocks.header(parent)
    if (parent === undefined || above === undefined || above.height <= height) return first
    first = parent
  }
}

/** The first block on the way to `lock` that is not on the way to `tip`. */
function branchOf(lock: Tip, tip: Tip, blocks: BlockIndex): Hash {
  let start = lock.hash
  for (;;) {
    const parent = blocks.header(start)?.parentHash
    if (parent === undefined || blocks.contains(tip.hash, parent) === true) return start
    start = parent
  }
}
