// Which Releases this validator knows, and which a candidate shows: from what was promised, voted, proven and decided so far
// (spec/consensus.md, "Releases").

import type { Hash, Seat, Term } from '../types/brand.ts'
import type { Tip } from '../types/certificate.ts'
import { RELEASE_BYTES_MAX, RELEASES_MAX, VALIDATORS_MAX } from '../types/limits.ts'
import {
  type Abandonment,
  isAbandoned,
  isApart,
  missesQuorum,
  type Testimony,
  type Trust,
  tipOfStart,
} from './abandonment.ts'
import { isAckedUnder } from './acked-path.ts'
import { contains, headerOf } from './block-tree.ts'
import { presentSet, verifierOf } from './epochs.ts'
import { lineageOf } from './evidence/statement-index.ts'
import { type ElectionWord, tipOfWord } from './evidence/statements.ts'
import { branchOf, decodeRelease, encodeRelease, isValidRelease, type Release } from './release.ts'
import { decidingEpoch } from './release-decision.ts'
import type { State } from './state.ts'
import { certifiedHeight, tipOf } from './tip.ts'
import type { Twins } from './witness.ts'

export interface Releases {
  /** Of this validator's own superseded ack. */
  own: Uint8Array | null
  /** Of members' superseded acks, as each showed it last. */
  readonly ofMembers: Map<Seat, Uint8Array>
  /** That people have decided, by the branch; the oldest first. */
  readonly decided: Map<Hash, Uint8Array>
}

export function createReleases(own: Uint8Array | null): Releases {
  return { own, ofMembers: new Map(), decided: new Map() }
}

/** With a promise: what would free its author, or what the institutions have decided. */
export function keepRelease(state: State, { from, encoded }: { from: Seat; encoded: Uint8Array }): void {
  const { ofMembers } = state.releases
  if (isSame(ofMembers.get(from), encoded)) return
  const release = decodeRelease(encoded)
  if (release === null || keepDecided(state, { release, encoded })) return
  if (release.kind !== 'governed' && isValidRelease(release, verifierOf(state))) ofMembers.set(from, encoded)
}

/** Is it one that institutions have decided, by their signatures? */
export function keepDecided(state: State, { release, encoded }: { release: Release; encoded: Uint8Array }): boolean {
  if (release.kind !== 'governed') return false
  const { decided } = state.releases
  const { hash } = branchOf(release)
  if (isSame(decided.get(hash), encoded)) return true
  if (!isValidRelease(release, verifierOf(state))) return false
  decided.set(hash, encoded)
  if (decided.size > RELEASES_MAX) decided.delete(decided.keys().next().value as Hash)
  return true
}

/** What this validator asks a candidate for, with its promise: its own Release, or one that was decided about its last ack. */
export function releaseToAskFor(state: State): Uint8Array | null {
  const { own, decided } = state.releases
  if (own !== null) return own
  for (const [branch, encoded] of decided) if (isAckedUnder(state, branch)) return encoded
  return null
}

/**
 * Of every branch that may bind a voter against this tip: 1. this validator's own; 2. those that members asked for with
 * their promises; 3. those of blocks made twice, where enough members have shown that they are not on one of the two;
 * 4. those that people have decided.
 */
export function releasesFor(state: State, tipHash: Hash): readonly Uint8Array[] {
  const tip = tipOf(state, tipHash)
  // Acks of a term below the certified head's bind nobody: every tip that may be followed is of a later one.
  const headTerm = headerOf(state.tree, state.certifiedHash).term
  const found = new Map<Hash, Uint8Array>()
  const offer = (encoded: Uint8Array | null): void => {
    const release = encoded === null ? null : decodeRelease(encoded)
    if (encoded === null || release === null) return
    const branch = branchOf(release)
    const isNeeded =
      release.kind === 'conflict' ? release.commitCert.term >= headTerm : branch.term >= Math.max(tip.term, headTerm)
    if (isNeeded && !isOnChain(state, { tipHash, branch }) && !found.has(branch.hash)) found.set(branch.hash, encoded)
  }
  // 1
  if (state.ackStanding === 'superseded' && tip.term <= (state.signState.lastAck?.term ?? 0)) offer(state.releases.own)
  // 2
  for (const encoded of state.releases.ofMembers.values()) offer(encoded)
  // 3
  for (const twins of state.witness.twins.values()) offer(abandon(state, twins))
  // 4
  for (const encoded of state.releases.decided.values()) offer(encoded)
  return [...found.values()].slice(0, RELEASES_MAX)
}

function isOnChain({ tree }: State, { tipHash, branch }: { tipHash: Hash; branch: Tip }): boolean {
  return contains(tree, { hash: tipHash, ancestor: branch.hash })
}

export function abandon(state: State, twins: Twins): Uint8Array | null {
  return releaseOf(state, { twins, trust: 'inNobody', make: (shown) => ({ kind: 'abandoned', ...shown }) })
}

/** What institutions may sign, so far by none; null where the words fall short of that, too. */
export function proposeDecision(state: State, twins: Twins): Uint8Array | null {
  const make = (shown: Abandonment): Release => ({
    kind: 'governed',
    ...shown,
    epoch: decidingEpoch(shown),
    signatures: [],
  })
  return releaseOf(state, { twins, trust: 'inWords', make })
}

/**
 * The latest words that show that the branch of `start` misses its quorum. Only above the certified head: below it, who was
 * locked has its Release from the certificate. Made of statements that have been verified.
 */
function releaseOf(
  state: State,
  { twins, trust, make }: { twins: Twins; trust: Trust; make: (shown: Abandonment) => Release },
): Uint8Array | null {
  const branch = tipOfStart(twins.start)
  if (branch.height <= certifiedHeight(state)) return null
  const { guilty, proofs } = guiltyBeside(state, twins)
  for (const term of [...state.witness.index.terms.keys()].sort((left, right) => right - left)) {
    if (term <= branch.term) break
    if (!couldBeEnough(state, { term, guilty, trust })) continue
    const words = enough(state, { words: wordsApart(state, { term, branch, guilty }), guilty, trust })
    if (words === null) continue
    const shown: Abandonment = { ...twins, proofs, words }
    const encoded = encodeRelease(make(shown))
    const room = trust === 'inWords' ? DECISION_BYTES_MAX : 0
    if (isAbandoned(shown, { verifier: verifierOf(state), trust }) && encoded.length + room <= RELEASE_BYTES_MAX)
      return encoded
  }
  return null
}

/** Signatures of all institutions that there can be. */
const DECISION_BYTES_MAX = VALIDATORS_MAX * 72

/** Members whose words do not count, and the proofs of that, the twins apart. */
export function guiltyBeside(
  { witness: { proofs } }: State,
  { start }: Twins,
): { guilty: ReadonlySet<Seat>; proofs: Abandonment['proofs'] } {
  const { proposer } = start.header
  return {
    guilty: new Set([proposer, ...proofs.keys()]),
    proofs: [...proofs].flatMap(([seat, proof]) => (seat === proposer ? [] : [proof])),
  }
}

/** Looked at first: a standstill leaves many terms behind, and what each word shows costs a proof. */
function couldBeEnough(
  state: State,
  { term, guilty, trust }: { term: Term; guilty: ReadonlySet<Seat>; trust: Trust },
): boolean {
  const said = state.witness.index.terms.get(term)
  const innocent = new Set(
    [...(said?.votes.keys() ?? []), ...(said?.promises.keys() ?? [])].filter((seat) => !guilty.has(seat)),
  )
  return missesQuorum(presentSet(state), { innocent, guilty, trust })
}

/** As few as it takes, those first that need no proof of ancestry; null where all of them are not enough. */
function enough(
  state: State,
  { words, guilty, trust }: { words: readonly Testimony[]; guilty: ReadonlySet<Seat>; trust: Trust },
): readonly Testimony[] | null {
  const shortest = words.toSorted((left, right) => Number(left.lineage !== null) - Number(right.lineage !== null))
  const innocent = new Set<Seat>()
  for (const [i, { word }] of shortest.entries()) {
    innocent.add(word.member)
    if (missesQuorum(presentSet(state), { innocent, guilty, trust })) return shortest.slice(0, i + 1)
  }
  return null
}

/** Of those who are not guilty: what they said in `term`, as far as it shows a last ack beside the branch. */
export function wordsApart(
  state: State,
  { term, branch, guilty }: { term: Term; branch: Tip; guilty: ReadonlySet<Seat> },
): readonly Testimony[] {
  const said = state.witness.index.terms.get(term)
  if (said === undefined) return []
  return presentSet(state).members.flatMap(({ seat }) => {
    if (guilty.has(seat)) return []
    const vote = said.votes.get(seat)
    const words = [vote && ({ kind: 'vote', ...vote } as const), said.promises.get(seat)]
    const testimony = words.map((word) => testimonyOf(state, { word, branch })).find((found) => found !== undefined)
    return testimony === undefined ? [] : [testimony]
  })
}

function testimonyOf(
  { witness }: State,
  { word, branch }: { word: ElectionWord | undefined; branch: Tip },
): Testimony | undefined {
  if (word === undefined) return undefined
  const tip = tipOfWord(word)
  const lineage = tip === null ? null : lineageOf(witness.index, { end: tip, height: branch.height })
  return isApart(word, { branch, lineage }) ? { word, lineage } : undefined
}

const isSame = (left: Uint8Array | undefined, right: Uint8Array): boolean =>
  left !== undefined && left.length === right.length && left.every((byte, i) => byte === right[i])
