// So many members have turned away from a branch that it misses its quorum: what shows it, in messages alone, and where
// people vouch for those who say so. spec/consensus.md, "Releases".

import { type SignedHeader, signedHeaderCodec } from '../types/block.ts'
import { type Epoch, type Seat, type Term, ZERO_HASH } from '../types/brand.ts'
import { list, optional, record, union } from '../types/canonical.ts'
import type { Tip } from '../types/certificate.ts'
import { VALIDATORS_MAX } from '../types/limits.ts'
import { blockHash } from '../types/signing.ts'
import { memberAt, quorum, type ValidatorSet } from '../types/validator-set.ts'
import type { Verifier } from './certificate.ts'
import { convictE1, createE1, type E1, e1Codec } from './evidence/e1.ts'
import { convictE2, type E2, e2Codec } from './evidence/e2.ts'
import { convictE3, type E3, e3Codec } from './evidence/e3.ts'
import { excludes, type Lineage, lineageCodec } from './evidence/lineage.ts'
import { contentOf, type ElectionWord, electionWordCodec, isWordSigned, tipOfWord } from './evidence/statements.ts'

/** The branch begins with one of two blocks that its leader made in one place: `start`, beside its `twin`. */
export interface Abandonment {
  readonly start: SignedHeader
  readonly twin: SignedHeader
  /** Against other members: what they say does not count, and they are liars less to reckon with. */
  readonly proofs: readonly (E1 | E2 | E3)[]
  /** Votes and promises of one term, each showing a last ack that is not on the branch. */
  readonly words: readonly Testimony[]
}

/** `lineage`: of what the word names, at the height of the branch's start. */
export interface Testimony {
  readonly word: ElectionWord
  readonly lineage: Lineage | null
}

/**
 * What is reckoned with: that liars not proven yet are among those who turned away, or that they are not. The former
 * takes nobody's word; the latter is for people to say.
 */
export type Trust = 'inNobody' | 'inWords'

export const abandonmentFields = {
  start: signedHeaderCodec,
  twin: signedHeaderCodec,
  proofs: list(union<E1 | E2 | E3>({ E1: e1Codec, E2: e2Codec, E3: e3Codec }), VALIDATORS_MAX),
  words: list(record<Testimony>({ word: electionWordCodec, lineage: optional(lineageCodec) }), VALIDATORS_MAX),
}

/** (n - |P|) + max(0, b - |G|) < q: who may have acked the branch, and who may have lied about it, are no quorum. */
export function isAbandoned(
  { start, twin, proofs, words }: Abandonment,
  { verifier, trust }: { verifier: Verifier; trust: Trust },
): boolean {
  const twins = convictE1(createE1(start, twin), verifier)
  const term = words[0] && contentOf(words[0].word).term
  if (twins.length === 0 || term === undefined || term <= start.header.term) return false

  const guilty = new Set<Seat>(twins)
  for (const proof of proofs) {
    const accused = convictProof(proof, verifier)
    if (accused.length === 0) return false
    for (const seat of accused) guilty.add(seat)
  }

  const branch = tipOfStart(start)
  const innocent = new Set<Seat>()
  for (const { word, lineage } of words) {
    const isOfTerm = contentOf(word).term === term && !innocent.has(word.member) && !guilty.has(word.member)
    if (!isOfTerm || !isApart(word, { branch, lineage }) || !isWordSigned(word, verifier)) return false
    innocent.add(word.member)
  }
  // The branch could have been certified by the set of its own epoch, or by that of the words.
  return epochsOfBranch({ start, words }).every((epoch) => {
    const set = verifier.setOf(epoch)
    return set !== undefined && missesQuorum(set, { innocent, guilty, trust })
  })
}

export function missesQuorum(
  set: ValidatorSet,
  { innocent, guilty, trust }: { innocent: ReadonlySet<Seat>; guilty: ReadonlySet<Seat>; trust: Trust },
): boolean {
  const among = (seats: ReadonlySet<Seat>): number =>
    [...seats].filter((seat) => memberAt(set, seat) !== undefined).length
  const others = set.members.length - among(innocent)
  const unknownLiars = trust === 'inWords' ? 0 : Math.max(0, set.b - among(guilty))
  return others + unknownLiars < quorum(set)
}

/**
 * Does this word show that its signer's last ack is not on the branch? A vote shows only what its rule implies: a last ack
 * of the tip's term is on the tip's chain. For a tip of a later term than the branch's, or under Releases, it may be anywhere.
 */
export function isApart(word: ElectionWord, { branch, lineage }: { branch: Tip; lineage: Lineage | null }): boolean {
  const tip = tipOfWord(word)
  if (word.kind === 'vote' && word.vote.releasesHash !== ZERO_HASH) return false
  if (tip === null || tip.term < branch.term) return true
  const isImplied = word.kind === 'promise' || tip.term === branch.term
  return isImplied && excludes(tip, { block: branch, lineage })
}

export const tipOfStart = ({ header }: SignedHeader): Tip => ({
  term: header.term,
  height: header.height,
  hash: blockHash(header),
})

/** Acks of this term and later are not given up: by then the branch could have come back. */
export function endOfAbandonment({ start, words: [first] }: Abandonment): Term {
  return first === undefined ? start.header.term : contentOf(first.word).term
}

/** Whose quorums the branch has to miss. */
export function epochsOfBranch({ start, words }: Pick<Abandonment, 'start' | 'words'>): readonly Epoch[] {
  return [...new Set([start.header.epoch, ...words.map(({ word }) => contentOf(word).epoch)])]
}

/** Whose sets it takes to judge all of it. */
export function epochsOfAbandonment({ start, twin, proofs, words }: Abandonment): readonly Epoch[] {
  const ofProofs = proofs.flatMap((proof) => {
    if (proof.kind === 'E1') return [proof.first.header.epoch, proof.second.header.epoch]
    if (proof.kind === 'E2') return [proof.lower.ack.epoch, proof.upper.ack.epoch]
    return [proof.first.vote.epoch, proof.second.vote.epoch]
  })
  return [twin.header.epoch, ...ofProofs, ...epochsOfBranch({ start, words })]
}

function convictProof(proof: E1 | E2 | E3, verifier: Verifier): readonly Seat[] {
  switch (proof.kind) {
    case 'E1':
      return convictE1(proof, verifier)
    case 'E2':
      return convictE2(proof, verifier)
    case 'E3':
      return convictE3(proof, verifier)
  }
}
