// The leader's side of replication: what each follower is sent, and when (spec/consensus.md, section 8).

import { assert } from '../types/assert.ts'
import type { Hash, Seat } from '../types/brand.ts'
import type { LeaderCert } from '../types/certificate.ts'
import { ancestorAt, type Entry, headerOf, pathFrom } from './block-tree.ts'
import { APPEND_BLOCKS_MAX, APPEND_BYTES_MAX } from './limits.ts'
import type { Append } from './messages.ts'
import type { Progress, State } from './state.ts'
import { type Step, send } from './step.ts'
import { certifiedHeight } from './tip.ts'

/** A new leader takes it that everybody has its tip; who has not says so. */
export function createProgress(tipHeight: number): Progress {
  return {
    matchHeight: tipHeight,
    sentHeight: tipHeight,
    certifiedHeight: 0,
    certifiedSentHeight: 0,
    confirmed: false,
    behind: false,
    connected: true,
    heard: true,
    resent: false,
    timeRefused: false,
  }
}

/** To everybody, blocks or not: a heartbeat, or the news of leadership. */
export function broadcast(step: Step): void {
  const { role } = step.state
  if (role.kind !== 'leader') return
  for (const member of role.progress.keys()) sendHeartbeat(step, member)
}

/** An append even if there is nothing new; repeats the certificate until the follower has it. */
export function sendHeartbeat(step: Step, member: Seat): void {
  const progress = progressOf(step.state, member)
  progress.certifiedSentHeight = progress.certifiedHeight
  sendAppend(step, { member, progress, blocks: blocksFor(step, progress) })
}

/** Sends what the window allows, if there is anything: blocks, or a certificate that no block will carry. */
export function pump(step: Step, member: Seat): void {
  const progress = progressOf(step.state, member)
  for (;;) {
    const blocks = blocksFor(step, progress)
    const hasNewCertificate =
      certifiedHeight(step.state) > Math.max(progress.certifiedHeight, progress.certifiedSentHeight)
    if (blocks.length === 0 && !hasNewCertificate) return
    sendAppend(step, { member, progress, blocks })
  }
}

export function pumpAll(step: Step): void {
  const { role } = step.state
  if (role.kind !== 'leader') return
  for (const member of role.progress.keys()) pump(step, member)
}

export function progressOf(state: State, member: Seat): Progress {
  assert(state.role.kind === 'leader', 'only a leader follows progress')
  const progress = state.role.progress.get(member)
  assert(progress !== undefined, 'every other member has its progress')
  return progress
}

/** The next blocks for a follower, oldest first: as many as one append and its window hold. */
function blocksFor({ state, settings }: Step, progress: Progress): Entry[] {
  if (progress.behind) return []
  const base = ancestorAt(state.tree, { hash: state.tipHash, height: progress.matchHeight })
  if (base === undefined) {
    progress.behind = true
    return []
  }
  const { uncertifiedBlocksMax, uncertifiedBytesMax } = settings.timing
  const blocks: Entry[] = []
  let inFlightBytes = 0
  let appendBytes = 0
  for (const entry of pathFrom(state.tree, { base: base.block.hash, hash: state.tipHash })) {
    const { header, epochCert } = entry.block
    const { height } = header
    // Its signer is known to whoever has stored and executed what decided its epoch.
    if (epochCert !== null && progress.matchHeight < epochCert.height) break
    // The first one always goes, whatever its size: a window that lets nothing through is none.
    const isFirst = height === progress.matchHeight + 1
    const inWindow =
      height - progress.matchHeight <= 2 * uncertifiedBlocksMax && inFlightBytes + entry.bytes <= uncertifiedBytesMax
    if (!isFirst && !inWindow) break
    inFlightBytes += entry.bytes
    if (height <= progress.sentHeight) continue
    appendBytes += entry.bytes
    if (blocks.length > 0 && (appendBytes > APPEND_BYTES_MAX || blocks.length === APPEND_BLOCKS_MAX)) break
    blocks.push(entry)
  }
  return blocks
}

function sendAppend(
  step: Step,
  { member, progress, blocks }: { member: Seat; progress: Progress; blocks: readonly Entry[] },
): void {
  const { state } = step
  const previous = previousFor(state, progress)
  const lacksCertificate = certifiedHeight(state) > Math.max(progress.certifiedHeight, progress.certifiedSentHeight)
  const message: Append = {
    kind: 'append',
    term: state.term,
    leaderCerts: leaderCertsFor(state, { progress, blocks }),
    previous: { height: previous.block.header.height, hash: previous.block.hash },
    blocks: blocks.map(({ block }) => block),
    commitCert: lacksCertificate ? state.commitCert : null,
  }
  progress.sentHeight += blocks.length
  progress.certifiedSentHeight = Math.max(progress.certifiedSentHeight, certifiedHeight(state))
  send(step, { to: member, message })
}

/** Whom nothing here reaches back to is shown the certified head: it will fetch it. */
function previousFor(state: State, progress: Progress): Entry {
  const height = progress.behind ? certifiedHeight(state) : progress.sentHeight
  const previous = ancestorAt(state.tree, { hash: state.tipHash, height })
  assert(previous !== undefined, 'blocks were sent on top of one that is still here')
  return previous
}

/** Of every term that the blocks open, and of the present one until the follower has answered in it. */
function leaderCertsFor(
  state: State,
  { progress, blocks }: { progress: Progress; blocks: readonly Entry[] },
): readonly LeaderCert[] {
  const hashes = new Set<Hash>()
  if (!progress.confirmed && state.leaderCertHash !== null) hashes.add(state.leaderCertHash)
  for (const { block } of blocks) {
    if (block.header.term > headerOf(state.tree, block.header.parentHash).term) hashes.add(block.header.leaderCertHash)
  }
  return [...hashes].map((hash) => {
    const certificate = state.leaderCerts.get(hash)
    assert(certificate !== undefined, 'every term in the tree has its LeaderCert')
    return certificate
  })
}
