// Signed statements, kept so that each new one is compared with those it could contradict: by term and member, within bounds,
// and which block a chain holds at a height, as far as the headers between are here. What comes in, and what follows from it:
// add-statements.ts.

import type { MountainRange } from '../../crypto/mountain-range.ts'
import type { SignedHeader } from '../../types/block.ts'
import type { Hash, Height, Seat, Term } from '../../types/brand.ts'
import type { CommitCert, LeaderCert } from '../../types/certificate.ts'
import { hashReleases } from '../../types/signing.ts'
import { createLineage } from './create-lineage.ts'
import type { E5 } from './e5.ts'
import type { E7 } from './e7.ts'
import type { FalseCertificates } from './false-certificates.ts'
import type { Lineage, Place } from './lineage.ts'
import type { AckBy, ElectionWord, VoteBy } from './statements.ts'

/** A header with what its logRoot stands for, where that is known and true. */
export interface KnownHeader extends SignedHeader {
  readonly ancestors: MountainRange | null
}

/** What was said in one term. */
export interface TermRecord {
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
export function isHeld(index: StatementIndex, { end, block }: { end: Place; block: Place }): boolean {
  if (end.hash === block.hash) return true
  return end.height > block.height && pathTo(index, { end, height: block.height })?.since[0] === block.hash
}

// ── bounds ──

/**
 * Undefined for a term older than all that a full index remembers. Terms without blocks leave first: a group that stands
 * still goes through one after the other, and needs the blocks that it is bound to until it is free.
 */
export function recordOf(index: StatementIndex, term: Term, isOfHeader = false): TermRecord | undefined {
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
export function forgetOldest(index: StatementIndex): void {
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
