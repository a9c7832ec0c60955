// Signed statements, kept so that each new one is compared with those it could contradict. Used by a running node, within
// bounds, and over everything that several nodes stored, after a fork (investigate.ts). Who adds a statement has checked
// its signature; what comes out is checked again by convict.ts before anybody is accused.

import { appendLeaf, type MountainRange, rangeRoot } from '../../crypto/mountain-range.ts'
import type { Header, SignedHeader } from '../../types/block.ts'
import { type Hash, type Height, type Seat, type Term, ZERO_HASH } from '../../types/brand.ts'
import type { CommitCert, LeaderCert } from '../../types/certificate.ts'
import { blockHash, hashReleases, leaderCertHash } from '../../types/signing.ts'
import { ackOf, voteOf } from '../certificate.ts'
import { isLinked, isUnderLeaderCert } from '../header-rules.ts'
import { branchOf, decodeRelease } from '../release.ts'
import { createLineage } from './create-lineage.ts'
import { createE1 } from './e1.ts'
import { orderAcks } from './e2.ts'
import { createE3 } from './e3.ts'
import type { E5 } from './e5.ts'
import type { E7 } from './e7.ts'
import type { Evidence } from './evidence.ts'
import {
  type FalseCertificates,
  falseLeaderCertOf,
  keepFalseCertificate,
  underFalseCertificates,
} from './false-certificates.ts'
import type { Lineage, Place } from './lineage.ts'
import { type OpenedCertificate, showLeaderCert } from './opened-certificate.ts'
import type { AckBy, ElectionWord, Endorsement, VoteBy } from './statements.ts'

/** A header with what its logRoot stands for, where that is known and true. */
export interface KnownHeader extends SignedHeader {
  readonly ancestors: MountainRange | null
}

/** What was said in one term. */
interface TermRecord {
  /** First header seen, by proposer and height; every header of the term, oldest first. */
  readonly places: Map<string, Hash>
  readonly headers: Set<Hash>
  readonly openings: Set<Hash>
  /** The highest: the acks of one term form one chain, or are evidence. */
  readonly acks: Map<Seat, AckBy>
  readonly votes: Map<Seat, VoteBy>
  readonly promises: Map<Seat, ElectionWord>
  readonly leaderCerts: Set<Hash>
  commitCert: CommitCert | null
}

export interface StatementIndex {
  readonly headers: Map<Hash, KnownHeader>
  readonly leaderCerts: Map<Hash, LeaderCert>
  readonly terms: Map<Term, TermRecord>
  /** By the hash that votes sign: those that came with LeaderCerts. */
  readonly releases: Map<Hash, readonly Uint8Array[]>
  readonly falseCertificates: FalseCertificates
  /** Blocks that E5 or E7 is about: whoever takes one over is guilty, too. */
  readonly badBlocks: Map<Hash, E5 | E7>
  readonly termsMax: number
  readonly headersMax: number
}

/** `termsMax`: the oldest leave first. `headersMax`: of all terms together. */
export function createStatementIndex(bounds: { termsMax: number; headersMax: number }): StatementIndex {
  return {
    headers: new Map(),
    leaderCerts: new Map(),
    terms: new Map(),
    releases: new Map([[hashReleases([]), []]]),
    falseCertificates: new Map(),
    badBlocks: new Map(),
    ...bounds,
  }
}

/** A block from which on ancestry can be shown. Nobody is accused for it. */
export function addBase(index: StatementIndex, base: KnownHeader): void {
  index.headers.set(blockHash(base.header), base)
  const { term } = base.header
  recordOf(index, term, true)?.headers.add(blockHash(base.header))
}

/** E1, E5, E6, E7, E8. Parents come before children. */
export function addHeader(index: StatementIndex, { header, signature }: SignedHeader): readonly Evidence[] {
  const hash = blockHash(header)
  const record = recordOf(index, header.term, true)
  if (record === undefined || index.headers.has(hash)) return []
  const found: Evidence[] = []
  const signed = { header, signature }

  const place = `${header.proposer}/${header.height}`
  const twin = index.headers.get(record.places.get(place) ?? hash)
  if (twin === undefined) record.places.set(place, hash)
  else found.push(createE1(twin, signed))

  found.push(...underFalseCertificates(index.falseCertificates, signed))

  const parent = index.headers.get(header.parentHash)
  const ancestors = parent === undefined ? null : ancestorsAfter(parent)
  const isTrueLog = ancestors !== null && rangeRoot(ancestors) === header.logRoot
  index.headers.set(hash, { ...signed, ancestors: isTrueLog ? ancestors : null })
  record.headers.add(hash)
  if (parent !== undefined) {
    const bad = badBlock(index, { signed, parent, isTrueLog })
    if (bad !== undefined) found.push(...addBadBlock(index, { hash, bad }))
    if (parent.header.term < header.term) {
      record.openings.add(hash)
      for (const { commitCert } of index.terms.values()) found.push(...e6(index, { signed, commitCert }))
    }
  }
  forgetOldest(index)
  return found
}

/** E2, E4, and accomplices of E5 and E7. */
export function addAck(index: StatementIndex, ack: AckBy): readonly Evidence[] {
  const record = recordOf(index, ack.ack.term)
  if (record === undefined) return []
  const found: Evidence[] = []
  const other = record.acks.get(ack.member)
  if (other?.ack.blockHash === ack.ack.blockHash) return []
  if (other === undefined || other.ack.height < ack.ack.height) record.acks.set(ack.member, ack)
  if (other !== undefined) found.push(...e2(index, orderAcks(other, ack)))
  for (const [term, { votes, promises }] of index.terms) {
    if (term <= ack.ack.term) continue
    const vote = votes.get(ack.member)
    const promise = promises.get(ack.member)
    if (vote !== undefined) found.push(...e4(index, { ack, word: { kind: 'vote', ...vote } }))
    if (promise !== undefined) found.push(...e4(index, { ack, word: promise }))
  }
  found.push(...complicityOf(index, { kind: 'ack', ...ack }))
  return found
}

/** E3, E4, and accomplices of E5 and E7. */
export function addWord(index: StatementIndex, word: ElectionWord): readonly Evidence[] {
  const term = word.kind === 'vote' ? word.vote.term : word.promise.term
  const record = recordOf(index, term)
  if (record === undefined) return []
  const found: Evidence[] = []
  if (word.kind === 'promise') {
    if (record.promises.has(word.member)) return []
    record.promises.set(word.member, word)
  } else {
    const other = record.votes.get(word.member)
    if (other === undefined) record.votes.set(word.member, word)
    else found.push(createE3(other, word))
    found.push(...complicityOf(index, word))
  }
  for (const [ackTerm, { acks }] of index.terms) {
    const ack = ackTerm < term ? acks.get(word.member) : undefined
    if (ack !== undefined) found.push(...e4(index, { ack, word }))
  }
  return found
}

/** Its votes, and what it says about headers that name it. It comes before the blocks of its term. */
export function addLeaderCert(index: StatementIndex, certificate: LeaderCert): readonly Evidence[] {
  const hash = leaderCertHash(certificate)
  const record = recordOf(index, certificate.term)
  if (record === undefined || index.leaderCerts.has(hash)) return []
  index.leaderCerts.set(hash, certificate)
  record.leaderCerts.add(hash)
  index.releases.set(hashReleases(certificate.releases), certificate.releases)
  const vote = voteOf(certificate)
  return certificate.signatures.flatMap((signed) => addWord(index, { kind: 'vote', vote, ...signed }))
}

/** Its acks, and E6. */
export function addCommitCert(index: StatementIndex, certificate: CommitCert): readonly Evidence[] {
  const record = recordOf(index, certificate.term)
  if (record === undefined) return []
  if (record.commitCert === null || record.commitCert.height < certificate.height) record.commitCert = certificate
  const ack = ackOf(certificate)
  const found = certificate.signatures.flatMap((signed) => addAck(index, { ack, ...signed }))
  for (const [term, { openings }] of index.terms) {
    if (term <= certificate.term) continue
    for (const hash of openings) {
      const signed = index.headers.get(hash)
      if (signed !== undefined) found.push(...e6(index, { signed, commitCert: certificate }))
    }
  }
  return found
}

/** Shown as a certificate, and none: E8, and E5 with its accomplices, about the headers that name it. */
export function addFalseCertificate(index: StatementIndex, opened: OpenedCertificate): readonly Evidence[] {
  const named = keepFalseCertificate(index.falseCertificates, opened)
  if (named === null) return []
  const found: Evidence[] = []
  for (const [hash, known] of index.headers) {
    const { leaderCertHash, commitCertHash, parentHash } = known.header
    if (leaderCertHash !== named && commitCertHash !== named) continue
    found.push(...underFalseCertificates(index.falseCertificates, known))
    const parent = index.headers.get(parentHash)
    const bad = parent && underFalseLeaderCert(index, { signed: justSigned(known), parent: parent.header })
    if (bad !== undefined) found.push(...addBadBlock(index, { hash, bad }))
  }
  return found
}

/** Nobody honest takes over a block that E5 or E7 is about: its proposer, and those who did. */
export function addBadBlock(index: StatementIndex, { hash, bad }: { hash: Hash; bad: E5 | E7 }): readonly Evidence[] {
  // Of a header that is not kept, nothing leads to its accomplices.
  if (!index.headers.has(hash) || index.badBlocks.has(hash)) return [bad]
  index.badBlocks.set(hash, bad)
  return [bad, ...accomplicesOf(index, hash)]
}

/** Which block the chain that ends in `end` holds at `height`, if the headers between are here. */
export function lineageOf(index: StatementIndex, { end, height }: { end: Place; height: Height }): Lineage | null {
  const path = pathTo(index, { end, height })
  if (path === undefined || end.height <= height) return null
  const { header, base, since } = path
  return base === null || base.size + since.length !== header.height
    ? null
    : createLineage(header, { height, base, since })
}

/** From `end` down to the block at `height`: the range before that block, and the hashes from it to end's parent. */
function pathTo(index: StatementIndex, { end, height }: { end: Place; height: Height }) {
  const since: Hash[] = []
  let at = index.headers.get(end.hash)
  const header = at?.header
  while (at !== undefined && at.header.height > height) {
    since.push(at.header.parentHash)
    at = index.headers.get(at.header.parentHash)
  }
  if (header === undefined || at === undefined || at.header.height !== height) return undefined
  return { header, base: at.ancestors, since: since.reverse() }
}

/** Is the block known to be on the chain that ends in `end`? The usual case, and nothing to make a proof of. */
function isHeld(index: StatementIndex, { end, block }: { end: Place; block: Place }): boolean {
  if (end.hash === block.hash) return true
  return end.height > block.height && pathTo(index, { end, height: block.height })?.since[0] === block.hash
}

// ── what each kind is made of ──

function e2(index: StatementIndex, { lower, upper }: { lower: AckBy; upper: AckBy }): readonly Evidence[] {
  const end = endOf(upper)
  if (isHeld(index, { end, block: endOf(lower) })) return []
  return [{ kind: 'E2', lower, upper, lineage: lineageOf(index, { end, height: lower.ack.height }) }]
}

function e4(index: StatementIndex, { ack, word }: { ack: AckBy; word: ElectionWord }): readonly Evidence[] {
  const tip = word.kind === 'vote' ? word.vote.tip : word.promise.lastAck
  if (tip !== null && (tip.term > ack.ack.term || isHeld(index, { end: tip, block: endOf(ack) }))) return []
  const lineage = tip === null ? null : lineageOf(index, { end: tip, height: ack.ack.height })
  const signedFor = word.kind === 'vote' ? index.releases.get(word.vote.releasesHash) : []
  const releases = signedFor?.map((bytes) => ({ bytes, lineage: branchLineage(index, { bytes, block: endOf(ack) }) }))
  return releases === undefined ? [] : [{ kind: 'E4', ack, word, releases, lineage }]
}

function e6(
  index: StatementIndex,
  { signed, commitCert }: { signed: SignedHeader; commitCert: CommitCert | null },
): readonly Evidence[] {
  const { header } = signed
  const leaderCert = index.leaderCerts.get(header.leaderCertHash)
  const isSigner = commitCert?.signatures.some(({ member }) => member === header.proposer)
  if (commitCert === null || leaderCert === undefined || !isSigner || commitCert.term >= header.term) return []
  const lineage = lineageOf(index, { end: leaderCert.tip, height: commitCert.height })
  const block = { height: commitCert.height, hash: commitCert.blockHash }
  const branches = leaderCert.releases.map((bytes) => branchLineage(index, { bytes, block }))
  return [
    { kind: 'E6', header: justSigned(signed), leaderCert: showLeaderCert(leaderCert), commitCert, lineage, branches },
  ]
}

/** What the chain of `block` holds where the Release's branch begins. */
function branchLineage(index: StatementIndex, { bytes, block }: { bytes: Uint8Array; block: Place }): Lineage | null {
  const release = decodeRelease(bytes)
  return release === null ? null : lineageOf(index, { end: block, height: branchOf(release).height })
}

function badBlock(
  index: StatementIndex,
  { signed, parent, isTrueLog }: { signed: SignedHeader; parent: KnownHeader; isTrueLog: boolean },
): E5 | E7 | undefined {
  const { header } = signed
  const before = parent.header
  const bad = { header: signed, complicity: [] }
  const parentHash = header.parentHash
  if (!isLinked(header, { parent: { header: before, hash: parentHash } })) {
    return { kind: 'E7', fault: { kind: 'link', parent: before }, ...bad }
  }
  if (!isTrueLog && parent.ancestors !== null) {
    return { kind: 'E7', fault: { kind: 'log', parent: before, peaks: parent.ancestors.peaks }, ...bad }
  }
  const certificate = index.leaderCerts.get(header.leaderCertHash)
  if (certificate === undefined) return underFalseLeaderCert(index, { signed, parent: before })
  if (header.term === before.term || isUnderLeaderCert(header, { parent: before, certificate })) return undefined
  return { kind: 'E5', parent: before, leaderCert: showLeaderCert(certificate), ...bad }
}

/** Of an opening block: it names no LeaderCert, or one that is none. */
function underFalseLeaderCert(
  { falseCertificates }: StatementIndex,
  { signed, parent }: { signed: SignedHeader; parent: Header },
): E5 | undefined {
  const { leaderCertHash, term } = signed.header
  const leaderCert = leaderCertHash === ZERO_HASH ? null : falseLeaderCertOf(falseCertificates, leaderCertHash)
  if (leaderCert === undefined || term === parent.term) return undefined
  return { kind: 'E5', header: signed, parent, leaderCert, complicity: [] }
}

/** Words already here that take over a block now known to be bad. */
function accomplicesOf(index: StatementIndex, bad: Hash): readonly Evidence[] {
  const words: Endorsement[] = []
  for (const { acks, votes } of index.terms.values()) {
    for (const ack of acks.values()) words.push({ kind: 'ack', ...ack })
    for (const vote of votes.values()) words.push({ kind: 'vote', ...vote })
  }
  return words.flatMap((word) => complicityIn(index, { word, bad }))
}

function complicityOf(index: StatementIndex, word: Endorsement): readonly Evidence[] {
  return [...index.badBlocks.keys()].flatMap((bad) => complicityIn(index, { word, bad }))
}

function complicityIn(index: StatementIndex, { word, bad }: { word: Endorsement; bad: Hash }): readonly Evidence[] {
  const evidence = index.badBlocks.get(bad)
  const end = word.kind === 'ack' ? endOf(word) : word.vote.tip
  const height = evidence?.header.header.height
  if (evidence === undefined || height === undefined || end.height < height) return []
  const lineage = lineageOf(index, { end, height })
  const isOnBad = end.hash === bad || lineage?.ancestor === bad
  return isOnBad ? [{ ...evidence, complicity: [{ word, lineage }] }] : []
}

const endOf = ({ ack }: AckBy): Place => ({ height: ack.height, hash: ack.blockHash })
const justSigned = ({ header, signature }: SignedHeader): SignedHeader => ({ header, signature })

function ancestorsAfter({
  header,
  ancestors,
}: {
  header: Header
  ancestors: MountainRange | null
}): MountainRange | null {
  return ancestors === null ? null : appendLeaf(ancestors, blockHash(header)).range
}

// ── bounds ──

/**
 * Undefined for a term older than all that a full index remembers. Terms without blocks leave first: a group that stands
 * still goes through one after the other, and needs the blocks that it is bound to until it is free.
 */
function recordOf(index: StatementIndex, term: Term, isOfHeader = false): TermRecord | undefined {
  const known = index.terms.get(term)
  if (known !== undefined) return known
  const isFull = index.terms.size >= index.termsMax
  const inVain = isFull ? lowestOf(index, ({ headers }) => headers.size === 0) : undefined
  const leaves = inVain ?? lowestTerm(index)
  if (isFull && term < leaves && !(isOfHeader && inVain !== undefined)) return undefined
  const record: TermRecord = {
    places: new Map(),
    headers: new Set(),
    openings: new Set(),
    acks: new Map(),
    votes: new Map(),
    promises: new Map(),
    leaderCerts: new Set(),
    commitCert: null,
  }
  index.terms.set(term, record)
  if (isFull) forgetTerm(index, leaves)
  return record
}

const lowestTerm = (index: StatementIndex): Term => Math.min(...index.terms.keys()) as Term

function lowestOf({ terms }: StatementIndex, isMeant: (record: TermRecord) => boolean): Term | undefined {
  let lowest: Term | undefined
  for (const [term, record] of terms) if (isMeant(record) && (lowest === undefined || term < lowest)) lowest = term
  return lowest
}

function forgetTerm(index: StatementIndex, term: Term): void {
  const record = index.terms.get(term)
  if (record === undefined) return
  for (const hash of record.headers) forgetHeader(index, hash)
  for (const hash of record.leaderCerts) {
    const releases = index.leaderCerts.get(hash)?.releases ?? []
    if (releases.length > 0) index.releases.delete(hashReleases(releases))
    index.leaderCerts.delete(hash)
  }
  index.terms.delete(term)
}

function forgetHeader(index: StatementIndex, hash: Hash): void {
  index.headers.delete(hash)
  index.badBlocks.delete(hash)
}

/** Whole terms while there are several; within a single one its oldest headers. */
function forgetOldest(index: StatementIndex): void {
  while (index.headers.size > index.headersMax && index.terms.size > 1) forgetTerm(index, lowestTerm(index))
  for (const { headers, places, openings } of index.terms.values()) {
    for (const hash of headers) {
      if (index.headers.size <= index.headersMax) return
      const header = index.headers.get(hash)?.header
      if (header !== undefined) places.delete(`${header.proposer}/${header.height}`)
      headers.delete(hash)
      openings.delete(hash)
      forgetHeader(index, hash)
    }
  }
}
