// Received blocks into the tree: the checks of section 7, then execution is asked for (spec/consensus.md).

import type { Block } from '../types/block.ts'
import type { Hash, Seat } from '../types/brand.ts'
import { BLOCK_BYTES_MAX } from '../types/limits.ts'
import { isFarAhead } from './block-time.ts'
import { ancestorsAfter, bytesOf, contains, createEntry, type Entry, headerOf, pathFrom } from './block-tree.ts'
import { learnCommitCert } from './commit.ts'
import { verifierOf } from './epochs.ts'
import { epochCertFault, isBodyOf, isLogOf, isOnParent, isUnderLeaderCert } from './header-rules.ts'
import { BRANCH_BLOCKS_MAX, BRANCH_BYTES_MAX, UNCERTIFIED_BLOCKS_MAX, UNCERTIFIED_BYTES_MAX } from './limits.ts'
import { becomeFollower } from './roles.ts'
import type { State } from './state.ts'
import { accuse, emit, type Step } from './step.ts'
import { certifiedHeight } from './tip.ts'
import { witnessFalseCommitCert, witnessHeader } from './witness.ts'

interface Arrival {
  readonly from: Seat
  /** By block sync, under a CommitCert. */
  readonly isCertified: boolean
}

/**
 * Takes in a chain of blocks on top of one that is here, as far as it is sound. Answers the last block of it that is
 * here now, and whether any is new. Uncertified, a block further ahead of this clock than anybody will wait stays outside:
 * whoever inherited it could only build later ones, and one leader's clock would stop the chain until it is due.
 */
export function acceptBlocks(
  step: Step,
  { from, base, blocks, isCertified }: Arrival & { base: Hash; blocks: readonly Block[] },
): { readonly head: Hash; readonly isNew: boolean; readonly isTooEarly: boolean } {
  let head = base
  let isNew = false
  for (const block of blocks) {
    const entry = step.state.tree.entries.get(block.hash)
    if (entry === undefined) {
      if (!isCertified && isFarAhead(step, block.header)) return { head, isNew, isTooEarly: true }
      if (!acceptBlock(step, { from, block, isCertified })) break
      isNew = true
    } else if (entry.status === 'invalid') break
    head = block.hash
  }
  return { head, isNew, isTooEarly: false }
}

function acceptBlock(step: Step, { from, block, isCertified }: Arrival & { block: Block }): boolean {
  const { state } = step
  const parent = state.tree.entries.get(block.header.parentHash)
  if (parent === undefined || parent.status === 'invalid') return false
  // A branch below the certified head can never be certified (R5).
  if (parent.block.header.height < certifiedHeight(state)) return false
  if (!isCertified && !hasRoomFor(state, { block, parent })) return false
  if (block.header.epoch > state.epoch && block.epochCert !== null)
    learnCommitCert(step, { from, certificate: block.epochCert })
  // Not a lie: what decided its epoch still has to be executed here.
  if (state.halted || block.header.epoch > state.epoch) return false
  witnessHeader(step, block)
  if (!isSound(step, { from, block, isCertified, parent })) return false
  // Its leader may have left since; the term was, all the same.
  if (block.header.term > state.term) becomeFollower(step, { term: block.header.term })
  state.tree.entries.set(block.hash, createEntry(block, { status: 'received', ancestors: ancestorsAfter(parent) }))
  emit(step, { kind: 'execute', block })
  return true
}

function isSound(step: Step, { from, block, isCertified, parent }: Arrival & { block: Block; parent: Entry }): boolean {
  const { state } = step
  const { header } = block
  const certificate = state.leaderCerts.get(header.leaderCertHash)
  const isChained =
    (isCertified || header.term <= state.term) &&
    bytesOf(block) <= BLOCK_BYTES_MAX &&
    isOnParent(block, { parent: parent.block, verifier: verifierOf(state) }) &&
    isLogOf(header, ancestorsAfter(parent)) &&
    isUnderLeaderCert(header, { parent: parent.block.header, certificate })
  if (!isChained) {
    accuse(step, { member: from, what: 'badChain' })
    return false
  }
  if (!isBodyOf(block, { parent: parent.block.header })) {
    accuse(step, { member: from, what: 'badBody' })
    return false
  }
  if (block.epochCert !== null && epochCertFault(block, verifierOf(state)) !== null) {
    witnessFalseCommitCert(step, block.epochCert)
    accuse(step, { member: header.proposer, what: 'badCertificate' })
    return false
  }
  const twin = twinOf(state, block)
  if (twin !== undefined) accuse(step, { member: header.proposer, what: 'equivocation' })
  if (isCertified) return true
  // Of the present leader the first one counts.
  if (header.term === state.term) return twin === undefined
  // Which of two old ones counts, its voters have decided: it shows them one chain, and no branches to fill a tree with.
  if (isOnLeaderChain(state, parent)) return true
  accuse(step, { member: from, what: 'badChain' })
  return false
}

/** What is new stands on all that the leader has shown so far. */
function isOnLeaderChain({ role, tree }: State, parent: Entry): boolean {
  const shown = role.kind === 'follower' ? role.leaderHead : null
  return shown === null || contains(tree, { hash: parent.block.hash, ancestor: shown })
}

/** Another block of the same proposer in the same place: one of the two is a lie. */
function twinOf({ tree }: State, { header, hash }: Block): Entry | undefined {
  for (const entry of tree.entries.values()) {
    const other = entry.block.header
    if (other.height === header.height && other.term === header.term && entry.block.hash !== hash) return entry
  }
  return undefined
}

/** Opening blocks have room beyond that of others: without them no term could certify what fills the tree. */
function hasRoomFor({ tree, certifiedHash }: State, { block, parent }: { block: Block; parent: Entry }): boolean {
  if (tree.entries.size - tree.recent.size >= UNCERTIFIED_BLOCKS_MAX) return false
  const isOpening = ({ header }: Block): boolean => header.term > headerOf(tree, header.parentHash).term
  const branch = pathFrom(tree, { base: certifiedHash, hash: parent.block.hash })
  const followers = branch.filter((entry) => !isOpening(entry.block)).length
  if (!isOpening(block) && followers >= BRANCH_BLOCKS_MAX) return false
  if (block.transactions.length === 0) return true
  const bytes = bytesOf(block)
  return bytes + sumOf(branch) <= BRANCH_BYTES_MAX && bytes + sumOf(tree.entries.values()) <= UNCERTIFIED_BYTES_MAX
}

function sumOf(entries: Iterable<Entry>): number {
  let sum = 0
  for (const { bytes } of entries) sum += bytes
  return sum
}
