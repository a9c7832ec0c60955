// What this validator's acks forbid it to follow, and what frees it (R3; spec/consensus.md, "Releases"). Questions only.

import type { Epoch } from '../types/brand.ts'
import type { Tip } from '../types/certificate.ts'
import { contains, headerOf } from './block-tree.ts'
import { branchOf, decodeRelease, endOf, type Release } from './release.ts'
import { EARLIER_ACKS_MAX } from './sign-state.ts'
import type { State } from './state.ts'

/** A tip that somebody stands with. */
export interface Offer {
  readonly tip: Pick<Tip, 'term' | 'height'>
  /** Is this block, acked in the tip's own term, on the tip's chain? */
  readonly holds: (ack: Tip) => boolean
}

/**
 * R3: no tip that is behind an ack which may still count. The last one, unless it was certified: then R5 speaks for it.
 * Superseded, it goes on to bind against tips of its term and below, for to vote for one would be E4. What a Release covers
 * is replaced by the parent of the branch; then earlier acks, on other branches, are looked at as well.
 */
export function mayFollow(state: State, { tip, holds }: Offer, releases: readonly Release[] = []): boolean {
  const { signState, ackStanding } = state
  const last = ackStanding === 'certified' ? null : signState.lastAck
  // More than are remembered: nobody can say what a Release would let go of.
  const usable = signState.earlierAcks.length < EARLIER_ACKS_MAX ? releases : []
  return [last, ...signState.earlierAcks].every((ack) => {
    let at = ack
    for (let left = usable.length; left >= 0; left--) {
      if (at === null || !isBehind({ tip, holds }, at)) return true
      const release = usable.find((candidate) => covers(state, candidate, at as Tip))
      if (release === undefined) return false
      at = parentOf(state, branchOf(release))
    }
    return false
  })
}

/** Can a Release be had, sooner or later? Then it is worth asking this validator, though it would refuse now. */
export function isLockedByLie(state: State): boolean {
  const { ackStanding, tree, witness, signState } = state
  if (ackStanding === 'superseded') return state.releases.own !== null
  if (ackStanding !== 'binding') return false
  const head = headerOf(tree, state.certifiedHash)
  const places = new Set([...witness.twins.values()].map(({ start: { header } }) => placeOf(header)))
  return signState.ackedPath.some((tip) => tip.height > head.height && places.has(placeOf(tip)))
}

/** A term has one leader. */
const placeOf = ({ term, height }: Pick<Tip, 'term' | 'height'>): string => `${term}/${height}`

function isBehind({ tip, holds }: Offer, ack: Tip): boolean {
  return tip.term < ack.term || (tip.term === ack.term && (tip.height < ack.height || !holds(ack)))
}

function covers(state: State, release: Release, ack: Tip): boolean {
  const branch = branchOf(release)
  if (ack.term < branch.term || ack.term >= endOf(release)) return false
  const { signState, ackStanding, tree } = state
  const head = headerOf(tree, state.certifiedHash)
  const isSuperseded = ackStanding === 'superseded' && ack.hash === signState.lastAck?.hash
  // Who was the quorum of an epoch that is over, perhaps alone, certifies nothing any more. What superseded the last ack was of
  // its time, though, and no later certificate need ever be had for it.
  const oldest = isSuperseded ? (epochOfOwn(state) ?? head.epoch) : head.epoch
  if (release.kind === 'conflict' && release.commitCert.epoch < oldest) return false
  if (isSuperseded) return branch.hash === signState.branch?.hash
  return branch.height > head.height && isOn(state, { ack, branch })
}

/** What the last ack is about is known also without its blocks. */
function isOn({ tree, signState: { ackedPath } }: State, { ack, branch }: { ack: Tip; branch: Tip }): boolean {
  if (contains(tree, { hash: ack.hash, ancestor: branch.hash })) return true
  const stepOf = ({ hash }: Tip): number => ackedPath.findIndex((tip) => tip.hash === hash)
  return stepOf(branch) >= 0 && stepOf(branch) <= stepOf(ack)
}

function epochOfOwn(state: State): Epoch | undefined {
  const [own] = ownReleases(state)
  return own?.kind === 'conflict' ? own.commitCert.epoch : undefined
}

/** Null where the branch stands on a certified block: nothing below it binds. Only of superseded ones is the block gone. */
function parentOf({ tree, certifiedHash, signState: { ackedPath } }: State, branch: Tip): Tip | null {
  const header = tree.entries.get(branch.hash)?.block.header
  const below = ackedPath.find(({ height }) => height === branch.height - 1) ?? null
  const parent = header === undefined ? below : { ...headerOf(tree, header.parentHash), hash: header.parentHash }
  if (parent === null || parent.height <= headerOf(tree, certifiedHash).height) return null
  return { term: parent.term, height: parent.height, hash: parent.hash }
}

/** Of this validator's own superseded ack; what it shows when it is asked for a vote, or stands itself. */
export function ownReleases({ releases, ackStanding }: State): readonly Release[] {
  const own = ackStanding === 'superseded' && releases.own !== null ? decodeRelease(releases.own) : null
  return own === null ? [] : [own]
}
