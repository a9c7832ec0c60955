// What each kind of evidence is made of, out of statements that seem to contradict each other; and who took over a block that
// nobody honest takes over. convict.ts checks it again before anybody is accused.

import type { Header, SignedHeader } from '../../types/block.ts'
import { type Hash, ZERO_HASH } from '../../types/brand.ts'
import type { CommitCert } from '../../types/certificate.ts'
import { isLinked, isUnderLeaderCert } from '../header-rules.ts'
import { branchOf, decodeRelease } from '../release.ts'
import type { E5 } from './e5.ts'
import type { E7 } from './e7.ts'
import type { Evidence } from './evidence.ts'
import { falseLeaderCertOf } from './false-certificates.ts'
import type { Lineage, Place } from './lineage.ts'
import { showLeaderCert } from './opened-certificate.ts'
import { isHeld, type KnownHeader, lineageOf, type StatementIndex } from './statement-index.ts'
import { type AckBy, type ElectionWord, type Endorsement, tipOfWord } from './statements.ts'

export function e2(index: StatementIndex, { lower, upper }: { lower: AckBy; upper: AckBy }): readonly Evidence[] {
  const end = endOf(upper)
  if (isHeld(index, { end, block: endOf(lower) })) return []
  return [{ kind: 'E2', lower, upper, lineage: lineageOf(index, { end, height: lower.ack.height }) }]
}

export function e4(index: StatementIndex, { ack, word }: { ack: AckBy; word: ElectionWord }): readonly Evidence[] {
  const tip = tipOfWord(word)
  if (tip !== null && (tip.term > ack.ack.term || isHeld(index, { end: tip, block: endOf(ack) }))) return []
  const lineage = tip === null ? null : lineageOf(index, { end: tip, height: ack.ack.height })
  const signedFor = word.kind === 'vote' ? index.releases.get(word.vote.releasesHash) : []
  const releases = signedFor?.map((bytes) => ({ bytes, lineage: branchLineage(index, { bytes, block: endOf(ack) }) }))
  return releases === undefined ? [] : [{ kind: 'E4', ack, word, releases, lineage }]
}

export function e6(
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

export function badBlock(
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
export function underFalseLeaderCert(
  { falseCertificates }: StatementIndex,
  { signed, parent }: { signed: SignedHeader; parent: Header },
): E5 | undefined {
  const { leaderCertHash, term } = signed.header
  const leaderCert = leaderCertHash === ZERO_HASH ? null : falseLeaderCertOf(falseCertificates, leaderCertHash)
  if (leaderCert === undefined || term === parent.term) return undefined
  return { kind: 'E5', header: signed, parent, leaderCert, complicity: [] }
}

/** Words already here that take over a block now known to be bad. */
export function accomplicesOf(index: StatementIndex, bad: Hash): readonly Evidence[] {
  const words: Endorsement[] = []
  for (const { acks, votes } of index.terms.values()) {
    for (const ack of acks.values()) words.push({ kind: 'ack', ...ack })
    for (const vote of votes.values()) words.push({ kind: 'vote', ...vote })
  }
  return words.flatMap((word) => complicityIn(index, { word, bad }))
}

export function complicityOf(index: StatementIndex, word: Endorsement): readonly Evidence[] {
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
export const justSigned = ({ header, signature }: SignedHeader): SignedHeader => ({ header, signature })
