// R3: what a voter is shown, and when it refuses (spec/consensus.md, section 6). Questions only, no effects.

import type { Hash, Height, Term } from '../types/brand.ts'
import type { Tip, Vote } from '../types/certificate.ts'
import { blockHash, leaderCertHash } from '../types/signing.ts'
import { ancestorsAfter, entryOf, headerOf } from './block-tree.ts'
import { commitCertFault, leaderCertFault, type Verifier } from './certificate.ts'
import { verifierOf } from './epochs.ts'
import { isLogOf, isOnParent, isOpenedOn, type LinkedHeader } from './header-rules.ts'
import { mayFollow } from './lock.ts'
import type { Candidacy } from './messages.ts'
import type { Release } from './release.ts'
import type { State } from './state.ts'

/** The candidate's chain, from its certified block to its tip. */
export interface ShownChain {
  /** Under the candidate's CommitCert; genesis without one. */
  readonly certified: Tip
  /** Above it, oldest first. */
  readonly blocks: readonly LinkedHeader[]
}

/** What a candidate shows, when its certificates are valid and its parts belong together; else null: no honest one. */
export function readShownChain(request: Candidacy, verifier: Verifier): ShownChain | null {
  const { commitCert, headers, leaderCert, tip } = request
  if (commitCert !== null && commitCertFault(commitCert, verifier) !== null) return null
  if (leaderCert !== null && leaderCertFault(leaderCert, verifier) !== null) return null
  if (tip.term >= request.term) return null
  const blocks = headers.map(({ header, signature }) => ({ header, signature, hash: blockHash(header) }))
  const certified: Tip =
    commitCert === null
      ? { term: 0 as Term, height: 0 as Height, hash: headers[0]?.header.parentHash ?? tip.hash }
      : { term: commitCert.term, height: commitCert.height, hash: commitCert.blockHash }
  const chain = { certified, blocks }
  return isLinkedTo(chain, tip) && isUnderLeaderCert(chain, request) ? chain : null
}

/** refuse: it lacks the voter's certified head. bound: it is behind what the voter acked. */
export type VoteVerdict = 'grant' | 'refuse' | 'bound' | 'invalid'

/** R3 for a voter whose certified head is not below the candidate's, under the Releases shown. */
export function judgeShownChain(
  state: State,
  { certified, blocks }: ShownChain,
  releases: readonly Release[],
): VoteVerdict {
  const { height: ownHeight } = headerOf(state.tree, state.certifiedHash)
  const hashAt = (height: number): Hash | undefined =>
    height === certified.height ? certified.hash : blocks[height - certified.height - 1]?.hash

  // Never let go of a certified block (R5).
  if (hashAt(ownHeight) !== state.certifiedHash) return 'refuse'

  const head = entryOf(state.tree, state.certifiedHash)
  let parent: Omit<LinkedHeader, 'signature'> = head.block
  let { ancestors } = head
  const verifier = verifierOf(state)
  for (const block of blocks.slice(ownHeight - certified.height)) {
    ancestors = ancestorsAfter({ block: parent, ancestors })
    const isSound = isOnParent(block, { parent, verifier }) && isLogOf(block.header, ancestors)
    if (!isSound) return 'invalid'
    parent = block
  }

  const holds = (ack: Tip): boolean => hashAt(ack.height) === ack.hash
  return mayFollow(state, { tip: parent.header, holds }, releases) ? 'grant' : 'bound'
}

/** Word for word: what is signed is the same. */
export function isSameVote(left: Vote | null, right: Vote): boolean {
  return (
    left !== null &&
    left.chainId === right.chainId &&
    left.epoch === right.epoch &&
    left.term === right.term &&
    left.candidate === right.candidate &&
    left.tip.term === right.tip.term &&
    left.tip.height === right.tip.height &&
    left.tip.hash === right.tip.hash &&
    left.releasesHash === right.releasesHash
  )
}

function isLinkedTo({ certified, blocks }: ShownChain, tip: Tip): boolean {
  let last = certified
  for (const { header, hash } of blocks) {
    if (header.parentHash !== last.hash || header.height !== last.height + 1 || header.term < last.term) return false
    last = { term: header.term, height: header.height, hash }
  }
  return last.hash === tip.hash && last.height === tip.height && last.term === tip.term
}

/**
 * The tip's term has its LeaderCert, and the chain passes through that certificate's tip; where the CommitCert is itself
 * of the tip's term, q members have checked that before.
 */
function isUnderLeaderCert({ certified, blocks }: ShownChain, { tip, leaderCert, commitCert }: Candidacy): boolean {
  if (leaderCert === null) return tip.term === 0
  if (leaderCert.term !== tip.term) return false
  const first = blocks.findIndex(({ header }) => header.term === tip.term)
  const hash = leaderCertHash(leaderCert)
  const ofTerm = first < 0 ? [] : blocks.slice(first)
  if (ofTerm.some(({ header }) => header.leaderCertHash !== hash || header.proposer !== leaderCert.candidate))
    return false
  if (certified.term === tip.term) return true
  const opening = blocks[first]?.header
  if (opening === undefined) return false
  // The chain begins in the epoch of its first block.
  const parent = blocks[first - 1]?.header ?? { ...certified, epoch: commitCert?.epoch ?? opening.epoch }
  return isOpenedOn(opening, { parent, certificate: leaderCert })
}
