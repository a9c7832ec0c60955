// Candidate: the Releases that its voters may need, from what was promised, voted and proven so far
// (spec/consensus.md, "Releases").

import type { Hash } from '../types/brand.ts'
import type { Tip } from '../types/certificate.ts'
import { RELEASE_BYTES_MAX, RELEASES_MAX } from '../types/limits.ts'
import { blockHash } from '../types/signing.ts'
import { contains, headerOf } from './block-tree.ts'
import { presentSet, verifierOf } from './epochs.ts'
import { lineageOf } from './evidence/statement-index.ts'
import type { ElectionWord } from './evidence/statements.ts'
import {
  type AbandonedRelease,
  branchOf,
  decodeRelease,
  encodeRelease,
  isApart,
  isValidRelease,
  type Testimony,
} from './release.ts'
import type { State } from './state.ts'
import { certifiedHeight, tipOf } from './tip.ts'
import type { Twins } from './witness.ts'

export interface Releases {
  /** Of this validator's own superseded ack. */
  own: Uint8Array | null
  /** That others showed, by their bytes in hex; the oldest first. */
  readonly known: Map<string, Uint8Array>
}

const KNOWN_MAX = 32

export function createReleases(own: Uint8Array | null): Releases {
  return { own, known: new Map() }
}

/** With a promise: what would free its author. */
export function keepRelease(state: State, encoded: Uint8Array): void {
  const { known } = state.releases
  const release = decodeRelease(encoded)
  if (release === null || known.has(encoded.toHex()) || !isValidRelease(release, verifierOf(state))) return
  known.set(encoded.toHex(), encoded)
  if (known.size > KNOWN_MAX) known.delete(known.keys().next().value as string)
}

/**
 * Of every branch that may bind a voter against this tip: 1. this validator's own; 2. those that members asked for with
 * their promises; 3. those of blocks made twice, where enough members have shown that they are not on one of the two.
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
  for (const encoded of state.releases.known.values()) offer(encoded)
  // 3
  for (const twins of state.witness.twins.values()) offer(abandon(state, twins))
  return [...found.values()].slice(0, RELEASES_MAX)
}

function isOnChain({ tree }: State, { tipHash, branch }: { tipHash: Hash; branch: Tip }): boolean {
  return contains(tree, { hash: tipHash, ancestor: branch.hash })
}

/** Only above the certified head: below it, who was locked has its Release from the certificate. */
function abandon(state: State, { start, twin }: Twins): Uint8Array | null {
  const { index, proofs } = state.witness
  const branch: Tip = { term: start.header.term, height: start.header.height, hash: blockHash(start.header) }
  if (branch.height <= certifiedHeight(state)) return null
  const others = [...proofs.values()].filter(
    (proof) => proof.kind !== 'E1' || proof.first.header.proposer !== start.header.proposer,
  )
  const guilty = new Set([start.header.proposer, ...proofs.keys()])
  for (const [term, { votes, promises }] of [...index.terms].sort(([left], [right]) => right - left)) {
    if (term <= branch.term) break
    const words: Testimony[] = []
    for (const { seat } of presentSet(state).members) {
      if (guilty.has(seat)) continue
      const vote = votes.get(seat)
      const said = [vote && ({ kind: 'vote', ...vote } as const), promises.get(seat)]
      const testimony = said.map((word) => testimonyOf(state, { word, branch })).find((word) => word !== undefined)
      if (testimony !== undefined) words.push(testimony)
    }
    const release: AbandonedRelease = { kind: 'abandoned', start, twin, proofs: others, words }
    if (words.length === 0 || !isValidRelease(release, verifierOf(state))) continue
    const encoded = encodeRelease(release)
    if (encoded.length <= RELEASE_BYTES_MAX) return encoded
  }
  return null
}

function testimonyOf(
  { witness }: State,
  { word, branch }: { word: ElectionWord | undefined; branch: Tip },
): Testimony | undefined {
  if (word === undefined) return undefined
  const tip = word.kind === 'vote' ? word.vote.tip : word.promise.lastAck
  const lineage = tip === null ? null : lineageOf(witness.index, { end: tip, height: branch.height })
  return isApart(word, { branch, lineage }) ? { word, lineage } : undefined
}
