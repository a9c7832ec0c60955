// The certified head: how a CommitCert is learned, waits for execution, and moves it (R5; spec/consensus.md, section 9).

import type { Hash, Seat } from '../types/brand.ts'
import type { CommitCert } from '../types/certificate.ts'
import { contains, type Entry, entryOf, headerOf, pathFrom } from './block-tree.ts'
import { commitCertFault } from './certificate.ts'
import { maybeChangeEpoch } from './change-epoch.ts'
import { verifierOf } from './epochs.ts'
import { RECENT_BLOCKS_MAX, RECENT_BYTES_MAX } from './limits.ts'
import { endPreCampaign } from './liveness.ts'
import { settleReads } from './read-index.ts'
import { becomeFollower } from './roles.ts'
import type { State } from './state.ts'
import { accuse, emit, type Step } from './step.ts'
import { supersedeAck } from './supersede-ack.ts'
import { catchUp, continueSync, requestSync } from './sync.ts'
import { certifiedHeight, chooseTip } from './tip.ts'
import { witnessCommitCert, witnessFalseCommitCert } from './witness.ts'

/** A CommitCert that a member has shown. Commits what is here and executed; asks for what is not here. */
export function learnCommitCert(step: Step, { from, certificate }: { from: Seat; certificate: CommitCert }): void {
  const { state } = step
  if (certificate.height < certifiedHeight(state) || certificate.blockHash === state.certifiedHash) return
  if (state.pendingCommit !== null && certificate.height <= state.pendingCommit.height) return
  if (state.sync !== null && certificate.height <= state.sync.targetHeight) return
  if (certificate.epoch > state.epoch) {
    catchUp(step, from)
    return
  }
  // Who has left the set certifies nothing on top of what came after.
  const isPast = certificate.epoch < headerOf(state.tree, state.certifiedHash).epoch
  const isFalse = !isPast && commitCertFault(certificate, verifierOf(state)) !== null
  if (isFalse) witnessFalseCommitCert(step, certificate)
  if (isPast || isFalse) {
    accuse(step, { member: from, what: 'badCertificate' })
    return
  }
  witnessCommitCert(step, certificate)
  if (certificate.height === certifiedHeight(state)) {
    diverge(step, { certificate, reason: 'another block is certified at this height' })
    return
  }
  const entry = state.tree.entries.get(certificate.blockHash)
  if (entry === undefined) requestSync(step, { from, targetHeight: certificate.height })
  else if (isOfBlock(certificate, entry)) applyCommitCert(step, { certificate, entry })
  else accuse(step, { member: from, what: 'badCertificate' })
}

/** More than b liars can sign a hash with an epoch, a term and a height that are not its block's. */
export function isOfBlock({ epoch, term, height }: CommitCert, { block }: Entry): boolean {
  return block.header.epoch === epoch && block.header.term === term && block.header.height === height
}

/** A verified CommitCert for a block in the tree. */
export function applyCommitCert(step: Step, { certificate, entry }: { certificate: CommitCert; entry: Entry }): void {
  if (entry.status === 'invalid') {
    diverge(step, { certificate, reason: 'a certified block fails execution here' })
    return
  }
  const { state } = step
  if (state.pendingCommit === null || certificate.height > state.pendingCommit.height) state.pendingCommit = certificate
  maybeCommit(step)
}

/** Commits the pending certificate once its block, and with it every ancestor, has been executed here. */
export function maybeCommit(step: Step): void {
  const { pendingCommit, tree } = step.state
  if (pendingCommit !== null && entryOf(tree, pendingCommit.blockHash).status === 'valid') commit(step, pendingCommit)
}

/** Two truths, and no way to tell which: sign nothing more (R5). */
export function diverge(step: Step, { certificate, reason }: { certificate: CommitCert; reason: string }): void {
  step.state.halted = true
  emit(step, { kind: 'diverged', blockHash: certificate.blockHash, height: certificate.height, reason })
}

/**
 * 1. the certified head moves up; what that makes of the last ack goes to disk first; 2. branches that do not contain it are dropped, their transactions returned; 3. what
 * pointed into them is set right: the tip, the leader's head; 4. a candidacy or leadership on a
 * dropped branch ends, and so does the search for a leader that certifies; 5. a new epoch may begin; 6. block sync goes on
 * from the new head; 7. reads that waited for it are ready.
 */
export function commit(step: Step, certificate: CommitCert): void {
  const { state } = step
  const { tree } = state
  const path = pathFrom(tree, { base: state.certifiedHash, hash: certificate.blockHash })

  // 1
  state.certifiedHash = certificate.blockHash
  state.commitCert = certificate
  state.pendingCommit = null
  for (const entry of path) tree.recent.add(entry)
  forgetOldBlocks(state)

  supersedeAck(step, { path, certificate })

  // 2
  const dropped = supersededBlocks(state)
  for (const { block } of dropped) tree.entries.delete(block.hash)
  emit(step, {
    kind: 'commit',
    certificate,
    blocks: path.map(({ block }) => block),
    dropped: dropped.map(({ block }) => block.hash),
  })
  const transactions = dropped.flatMap(({ block }) => block.transactions)
  if (transactions.length > 0) emit(step, { kind: 'returned', transactions })
  forgetLeaderCerts(state)

  // 3
  const losesTip = !isOnCertified(state, state.tipHash)
  const { role } = state
  // Whoever stands or leads keeps the tip that the votes are for: on another one its first block would be E5.
  if (role.kind === 'follower') chooseTip(step)
  if (role.kind === 'follower' && role.leaderHead !== null && !isOnCertified(state, role.leaderHead)) {
    role.leaderHead = state.certifiedHash
  }

  // 4
  if (role.kind === 'candidate' && !isOnCertified(state, role.vote.tip.hash)) becomeFollower(step, { term: state.term })
  if (role.kind === 'leader' && losesTip) becomeFollower(step, { term: state.term })

  if (state.liveness.preCampaign?.cause === 'standstill') endPreCampaign(step)

  // 5
  maybeChangeEpoch(step)
  if (state.halted) return

  // 6
  continueSync(step)

  // 7
  settleReads(step)
}

function isOnCertified({ tree, certifiedHash }: State, hash: Hash): boolean {
  return contains(tree, { hash, ancestor: certifiedHash })
}

/** Neither kept as recent nor on top of the certified head. */
function supersededBlocks(state: State): Entry[] {
  const { entries, recent } = state.tree
  if (entries.size === recent.size) return []
  const height = certifiedHeight(state)
  return [...entries.values()].filter((entry) => {
    const { header, hash } = entry.block
    return header.height > height ? !isOnCertified(state, hash) : !recent.has(entry)
  })
}

function forgetOldBlocks({ tree: { entries, recent } }: State): void {
  let bytes = 0
  for (const entry of recent) bytes += entry.bytes
  for (const entry of recent) {
    const isBounded = recent.size <= RECENT_BLOCKS_MAX && bytes <= RECENT_BYTES_MAX
    if (isBounded || recent.size === 1) return
    bytes -= entry.bytes
    recent.delete(entry)
    entries.delete(entry.block.hash)
  }
}

/** All that no block in the tree names, and that are not of the present leader. */
export function forgetLeaderCerts(state: State): void {
  // The only one is the head's or the present leader's.
  if (state.leaderCerts.size <= 1) return
  const used = new Set<Hash | null>([state.leaderCertHash])
  for (const { block } of state.tree.entries.values()) used.add(block.header.leaderCertHash)
  for (const hash of state.leaderCerts.keys()) {
    if (used.has(hash)) continue
    state.leaderCerts.delete(hash)
    state.storedLeaderCerts.delete(hash)
  }
}
