// Statements come in, each compared with those that are here. Used by a running node, within bounds, and over everything that
// several nodes stored, after a fork (investigate.ts). Who adds a statement has checked its signature; what comes out is
// checked again by convict.ts before anybody is accused.

import { appendLeaf, type MountainRange, rangeRoot } from '../../crypto/mountain-range.ts'
import type { Header, SignedHeader } from '../../types/block.ts'
import type { Hash } from '../../types/brand.ts'
import type { CommitCert, LeaderCert } from '../../types/certificate.ts'
import { blockHash, hashReleases, leaderCertHash } from '../../types/signing.ts'
import { ackOf, voteOf } from '../certificate.ts'
import {
  accomplicesOf,
  badBlock,
  complicityOf,
  e2,
  e4,
  e6,
  justSigned,
  underFalseLeaderCert,
} from './contradictions.ts'
import { createE1 } from './e1.ts'
import { orderAcks } from './e2.ts'
import { createE3 } from './e3.ts'
import type { E5 } from './e5.ts'
import type { E7 } from './e7.ts'
import type { Evidence } from './evidence.ts'
import { keepFalseCertificate, underFalseCertificates } from './false-certificates.ts'
import type { OpenedCertificate } from './opened-certificate.ts'
import { forgetOldest, type KnownHeader, recordOf, type StatementIndex } from './statement-index.ts'
import { type AckBy, contentOf, type ElectionWord } from './statements.ts'

/** Every word is held against each of them. Whoever makes more is convicted already. */
const BAD_BLOCKS_MAX = 64

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
  const { term } = contentOf(word)
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
  if (index.badBlocks.size > BAD_BLOCKS_MAX) index.badBlocks.delete(index.badBlocks.keys().next().value as Hash)
  return [bad, ...accomplicesOf(index, hash)]
}

function ancestorsAfter({
  header,
  ancestors,
}: {
  header: Header
  ancestors: MountainRange | null
}): MountainRange | null {
  return ancestors === null ? null : appendLeaf(ancestors, blockHash(header)).range
}
