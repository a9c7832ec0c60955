// What this node was told and has verified, compared with what it was told before. A contradiction is evidence, and goes
// out as an effect. Bounded, in memory only: after a restart it begins with what the disk kept.
// spec/consensus.md, "Evidence".

import type { SignedHeader } from '../types/block.ts'
import type { Hash, Seat, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { blockHash } from '../types/signing.ts'
import type { Restored } from './create-state.ts'
import { verifierOf } from './epochs.ts'
import {
  addAck,
  addBadBlock,
  addBase,
  addCommitCert,
  addFalseCertificate,
  addHeader,
  addLeaderCert,
  addWord,
} from './evidence/add-statements.ts'
import type { BadTransaction } from './evidence/bad-transaction.ts'
import { convict } from './evidence/convict.ts'
import type { E1 } from './evidence/e1.ts'
import type { E2 } from './evidence/e2.ts'
import type { E3 } from './evidence/e3.ts'
import { EVIDENCE_BYTES_MAX, type Evidence, encodeEvidence, subjectOf } from './evidence/evidence.ts'
import { underFalseCertificates } from './evidence/false-certificates.ts'
import { type OpenedCertificate, showCommitCert, showLeaderCert } from './evidence/opened-certificate.ts'
import { createStatementIndex, type StatementIndex } from './evidence/statement-index.ts'
import { type AckBy, contentOf, type ElectionWord, isHeaderSigned } from './evidence/statements.ts'
import { emit, type Step } from './step.ts'

export interface Witness {
  readonly index: StatementIndex
  /** Subjects of evidence that has gone out, the oldest first. */
  readonly reported: Set<string>
  /** Blocks that a leader made twice in one place, by hash, the oldest first: each with the other. */
  readonly twins: Map<Hash, Twins>
  /** Of a single member's lie, the first seen; a Release counts them. */
  readonly proofs: Map<Seat, E1 | E2 | E3>
}

export interface Twins {
  readonly start: SignedHeader
  readonly twin: SignedHeader
}

/** Far more than one election can need. */
const TERMS_MAX = 64
/** 1.5 kB each: the blocks that a tree may hold, on a few branches. */
const HEADERS_MAX = 4_096
const REPORTED_MAX = 1_024
/** An honest leader makes one; two leaders of a term are a fork already. */
const LEADER_CERTS_PER_TERM_MAX = 16
const TWINS_MAX = 64

/** Knows what a node starts from. What that proves has been said before. */
export function createWitness({ certified, uncommitted, leaderCerts }: Restored): Witness {
  const index = createStatementIndex({ termsMax: TERMS_MAX, headersMax: HEADERS_MAX })
  const { header, signature } = certified.block
  addBase(index, { header, signature, ancestors: certified.ancestors })
  for (const certificate of leaderCerts) addLeaderCert(index, certificate)
  for (const block of uncommitted) addHeader(index, block)
  if (certified.commitCert !== null) addCommitCert(index, certified.commitCert)
  return { index, reported: new Set(), twins: new Map(), proofs: new Map() }
}

/**
 * Anybody can sign for terms to come. What is said of a term before this node is in it would push out what was said in
 * those that there were; whoever has been in it says it again.
 */
const isToCome = ({ state }: Step, term: Term): boolean => term > state.term

/** With a quorum of the present validators behind it a term is there; one of former ones may be a single member. */
function isPremature(step: Step, { term, epoch }: CommitCert | LeaderCert): boolean {
  return isToCome(step, term) && epoch < step.state.epoch
}

/** Of a block that is offered, or a chain that is shown; the signature is checked here. */
export function witnessHeader(step: Step, signed: SignedHeader): void {
  const { state } = step
  if (isToCome(step, signed.header.term)) {
    // No term is there by a LeaderCert that is none.
    report(step, underFalseCertificates(state.witness.index.falseCertificates, signed))
    return
  }
  if (isHeaderSigned(signed, verifierOf(state))) report(step, addHeader(state.witness.index, signed))
}

export function witnessAck(step: Step, ack: AckBy): void {
  report(step, addAck(step.state.witness.index, ack))
}

export function witnessWord(step: Step, word: ElectionWord): void {
  if (isToCome(step, contentOf(word).term)) return
  report(step, addWord(step.state.witness.index, word))
}

export function witnessLeaderCert(step: Step, certificate: LeaderCert): void {
  const { index } = step.state.witness
  // One vote can be shown under many signatures, each another certificate.
  const known = index.terms.get(certificate.term)?.leaderCerts.size ?? 0
  if (known >= LEADER_CERTS_PER_TERM_MAX || isPremature(step, certificate)) return
  report(step, addLeaderCert(index, certificate))
}

export function witnessCommitCert(step: Step, certificate: CommitCert): void {
  if (isPremature(step, certificate)) return
  report(step, addCommitCert(step.state.witness.index, certificate))
}

/** `certificate` does not verify. Who shows it may have been lied to; whoever signs a header that names it is the liar. */
export function witnessFalseLeaderCert(step: Step, certificate: LeaderCert): void {
  witnessFalse(step, { kind: 'leaderCert', ...showLeaderCert(certificate) })
}

export function witnessFalseCommitCert(step: Step, certificate: CommitCert): void {
  witnessFalse(step, { kind: 'commitCert', bytes: showCommitCert(certificate) })
}

function witnessFalse(step: Step, opened: OpenedCertificate): void {
  report(step, addFalseCertificate(step.state.witness.index, opened))
}

/** Execution has refused the block for a transaction that can be shown. */
export function witnessBadTransaction(
  step: Step,
  { block: { header, signature, hash }, shown }: { block: SignedHeader & { hash: Hash }; shown: BadTransaction },
): void {
  const bad = {
    kind: 'E7',
    header: { header, signature },
    fault: { kind: 'transaction', ...shown },
    complicity: [],
  } as const
  report(step, addBadBlock(step.state.witness.index, { hash, bad }))
}

/** Nothing is said that others would not find proven. */
export function report(step: Step, candidates: readonly Evidence[]): void {
  const { state } = step
  const { reported } = state.witness
  for (const evidence of candidates) {
    const accused = convict(evidence, verifierOf(state))
    const subject = subjectOf(evidence, accused)
    if (accused.length > 0) remember(state.witness, evidence)
    if (accused.length === 0 || reported.has(subject)) continue
    if (encodeEvidence(evidence).length > EVIDENCE_BYTES_MAX) continue
    reported.add(subject)
    if (reported.size > REPORTED_MAX) reported.delete(reported.values().next().value as string)
    emit(step, { kind: 'evidence', evidence, accused })
  }
}

/** From others: kept for Releases, and not reported again. Headers made twice also show where their branches part. */
export function learnEvidence(step: Step, evidence: Evidence): void {
  const { state } = step
  const { witness } = state
  const accused = convict(evidence, verifierOf(state))
  if (accused.length === 0) return
  witness.reported.add(subjectOf(evidence, accused))
  remember(witness, evidence)
  if (evidence.kind !== 'E1') return
  for (const signed of [evidence.first, evidence.second]) addHeader(witness.index, signed)
}

function remember({ twins, proofs }: Witness, evidence: Evidence): void {
  if (evidence.kind === 'E1') {
    const { first, second } = evidence
    if (!proofs.has(first.header.proposer)) proofs.set(first.header.proposer, evidence)
    twins.set(blockHash(first.header), { start: first, twin: second })
    twins.set(blockHash(second.header), { start: second, twin: first })
    while (twins.size > TWINS_MAX) twins.delete(twins.keys().next().value as Hash)
  } else if (evidence.kind === 'E2') {
    if (!proofs.has(evidence.lower.member)) proofs.set(evidence.lower.member, evidence)
  } else if (evidence.kind === 'E3') {
    if (!proofs.has(evidence.first.member)) proofs.set(evidence.first.member, evidence)
  }
}
