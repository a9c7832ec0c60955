// A Release frees those who acked a block of a branch from it, where an equivocating leader has left honest members locked
// on different blocks: it proves that the branch was not, and will not be, certified in the terms that it covers.
// spec/consensus.md, "Releases".

import { type Header, type SignedHeader, signedHeaderCodec } from '../types/block.ts'
import { type Epoch, type Seat, type Term, ZERO_HASH } from '../types/brand.ts'
import { type Codec, fromBytes, list, optional, record, toBytes, union } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { type CommitCert, commitCertCodec, type Tip, tipCodec } from '../types/certificate.ts'
import { RELEASE_BYTES_MAX, VALIDATORS_MAX } from '../types/limits.ts'
import { ackMessage, blockHash } from '../types/signing.ts'
import { memberAt, quorum, type ValidatorSet } from '../types/validator-set.ts'
import type { Verifier } from './certificate.ts'
import { convictE1, createE1, type E1, e1Codec } from './evidence/e1.ts'
import { convictE2, type E2, e2Codec } from './evidence/e2.ts'
import { convictE3, type E3, e3Codec } from './evidence/e3.ts'
import { excludes, type Lineage, lineageCodec } from './evidence/lineage.ts'
import { type ElectionWord, electionWordCodec, isWordSigned } from './evidence/statements.ts'
import { quorumFault } from './quorum-signatures.ts'

/** A certified chain that does not hold the branch's first block. `lineage`: of the certified block, at its height. */
export interface ConflictRelease {
  readonly kind: 'conflict'
  readonly branch: Tip
  readonly commitCert: CommitCert
  readonly lineage: Lineage | null
}

/**
 * The branch begins with one of two blocks that its leader made in one place (`start`, beside its `twin`), and so many
 * members have shown in one later term that their last ack is not on it that it misses the quorum.
 */
export interface AbandonedRelease {
  readonly kind: 'abandoned'
  readonly start: SignedHeader
  readonly twin: SignedHeader
  /** Against other members: what they say does not count, and they are liars less to reckon with. */
  readonly proofs: readonly (E1 | E2 | E3)[]
  /** Votes and promises of one term. `lineage`: of what they name, at the height of `start`. */
  readonly words: readonly Testimony[]
}

export interface Testimony {
  readonly word: ElectionWord
  readonly lineage: Lineage | null
}

export type Release = ConflictRelease | AbandonedRelease

const releaseCodec: Codec<Release> = union<Release>({
  conflict: record<Omit<ConflictRelease, 'kind'>>({
    branch: tipCodec,
    commitCert: commitCertCodec,
    lineage: optional(lineageCodec),
  }),
  abandoned: record<Omit<AbandonedRelease, 'kind'>>({
    start: signedHeaderCodec,
    twin: signedHeaderCodec,
    proofs: list(union<E1 | E2 | E3>({ E1: e1Codec, E2: e2Codec, E3: e3Codec }), VALIDATORS_MAX),
    words: list(record<Testimony>({ word: electionWordCodec, lineage: optional(lineageCodec) }), VALIDATORS_MAX),
  }),
})

export function encodeRelease(release: Release): Uint8Array {
  return toBytes(releaseCodec, release)
}

/** Null for bytes that are no Release. Shape only. */
export function decodeRelease(encoded: Uint8Array): Release | null {
  if (encoded.length > RELEASE_BYTES_MAX) return null
  try {
    return fromBytes(releaseCodec, encoded)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

/** All of them, or null where one is not valid: nobody signs for what he cannot check. */
export function validReleases(encoded: readonly Uint8Array[], verifier: Verifier): readonly Release[] | null {
  const releases: Release[] = []
  for (const bytes of encoded) {
    const release = decodeRelease(bytes)
    if (release === null || !isValidRelease(release, verifier)) return null
    releases.push(release)
  }
  return releases
}

export function isValidRelease(release: Release, verifier: Verifier): boolean {
  return release.kind === 'conflict' ? isConflict(release, verifier) : isAbandoned(release, verifier)
}

/** The first block of the branch. */
export function branchOf(release: Release): Tip {
  if (release.kind === 'conflict') return release.branch
  return tipOfHeader(release.start.header)
}

/** Acks of this term and later are not covered: by then the branch could have come back. */
export function endOf(release: Release): Term {
  if (release.kind === 'conflict') return Number.MAX_SAFE_INTEGER as Term
  return termOf(release.words[0]?.word) ?? release.start.header.term
}

/** What an ack was about. */
export type AckedBlock = Tip & { readonly epoch: Epoch }

/**
 * Is it shown that the Release does not cover an ack of this block? `lineage`: of the block, at the branch's height. The
 * certified head of whoever acked it is at most one epoch below, and no voter takes a certificate of an epoch below that.
 */
export function isUncovered(
  release: Release,
  { block, lineage }: { block: AckedBlock; lineage: Lineage | null },
): boolean {
  const branch = branchOf(release)
  if (release.kind === 'conflict' && release.commitCert.epoch < block.epoch - 1) return true
  return block.term < branch.term || block.term >= endOf(release) || excludes(block, { block: branch, lineage })
}

/** Whose sets it takes to judge it. */
export function epochsOf(release: Release): readonly Epoch[] {
  if (release.kind === 'conflict') return [release.commitCert.epoch]
  const { start, twin, proofs, words } = release
  const ofProofs = proofs.flatMap((proof) => {
    if (proof.kind === 'E1') return [proof.first.header.epoch, proof.second.header.epoch]
    if (proof.kind === 'E2') return [proof.lower.ack.epoch, proof.upper.ack.epoch]
    return [proof.first.vote.epoch, proof.second.vote.epoch]
  })
  return [start.header.epoch, twin.header.epoch, ...ofProofs, ...words.map(({ word }) => epochOf(word))]
}

// ── validity ──

function isConflict({ branch, commitCert, lineage }: ConflictRelease, verifier: Verifier): boolean {
  const { signatures, ...ack } = commitCert
  const end = { height: commitCert.height, hash: commitCert.blockHash }
  return (
    commitCert.height >= branch.height &&
    excludes(end, { block: branch, lineage }) &&
    quorumFault(commitCert, { message: ackMessage(ack), verifier }) === null
  )
}

/** (n - |P|) + max(0, b - |G|) < q: who may have acked the branch, and who may have lied about it, are no quorum. */
function isAbandoned({ start, twin, proofs, words }: AbandonedRelease, verifier: Verifier): boolean {
  const twins = convictE1(createE1(start, twin), verifier)
  const term = termOf(words[0]?.word)
  if (twins.length === 0 || term === undefined || term <= start.header.term) return false

  const guilty = new Set<Seat>(twins)
  for (const proof of proofs) {
    const accused = convictProof(proof, verifier)
    if (accused.length === 0) return false
    for (const seat of accused) guilty.add(seat)
  }

  const branch = tipOfHeader(start.header)
  const innocent = new Set<Seat>()
  for (const { word, lineage } of words) {
    const isOfTerm = termOf(word) === term && !innocent.has(word.member) && !guilty.has(word.member)
    if (!isOfTerm || !isApart(word, { branch, lineage }) || !isWordSigned(word, verifier)) return false
    innocent.add(word.member)
  }
  // The branch could have been certified by the set of its own epoch, or by that of the words.
  const epochs = new Set([start.header.epoch, ...words.map(({ word }) => epochOf(word))])
  return [...epochs].every((epoch) => {
    const set = verifier.setOf(epoch)
    return set !== undefined && missesQuorum(set, { innocent, guilty })
  })
}

export function missesQuorum(
  set: ValidatorSet,
  { innocent, guilty }: { innocent: ReadonlySet<Seat>; guilty: ReadonlySet<Seat> },
): boolean {
  const among = (seats: ReadonlySet<Seat>): number =>
    [...seats].filter((seat) => memberAt(set, seat) !== undefined).length
  const others = set.members.length - among(innocent)
  const unknownLiars = Math.max(0, set.b - among(guilty))
  return others + unknownLiars < quorum(set)
}

/**
 * Does this word show that its signer's last ack is not on the branch? A vote shows only what its rule implies: a last ack
 * of the tip's term is on the tip's chain. For a tip of a later term than the branch's, or under Releases, it may be anywhere.
 */
export function isApart(word: ElectionWord, { branch, lineage }: { branch: Tip; lineage: Lineage | null }): boolean {
  const tip = word.kind === 'vote' ? word.vote.tip : word.promise.lastAck
  if (word.kind === 'vote' && word.vote.releasesHash !== ZERO_HASH) return false
  if (tip === null || tip.term < branch.term) return true
  const isImplied = word.kind === 'promise' || tip.term === branch.term
  return isImplied && excludes(tip, { block: branch, lineage })
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

const tipOfHeader = (header: Header): Tip => ({ term: header.term, height: header.height, hash: blockHash(header) })
const termOf = (word: ElectionWord | undefined): Term | undefined =>
  word === undefined ? undefined : word.kind === 'vote' ? word.vote.term : word.promise.term
const epochOf = (word: ElectionWord) => (word.kind === 'vote' ? word.vote.epoch : word.promise.epoch)
