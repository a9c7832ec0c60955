// Certificates: q signatures that together prove a statement to anybody who holds the validator set. Pure; used by the
// core, by block sync, by chain verification and by offline receipt verification. spec/consensus.md, section 4.

import type { Epoch, Hash, PublicKey, Seat } from '../types/brand.ts'
import type { Ack, CommitCert, LeaderCert, MemberSignature, Vote } from '../types/certificate.ts'
import { remembered } from '../types/remembered.ts'
import { ackMessage, hashReleases, voteMessage } from '../types/signing.ts'
import { memberAt, type ValidatorSet } from '../types/validator-set.ts'
import { quorumFault } from './quorum-signatures.ts'
import { validReleases } from './release.ts'

/** What a certificate is checked against. */
export interface Verifier {
  readonly chainId: Hash
  /** The set of an epoch; undefined for one that is not known here. */
  readonly setOf: (epoch: Epoch) => ValidatorSet | undefined
  /** Ed25519 over a tagged message. Never throws. */
  readonly verify: (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean
}

export type CertificateFault =
  | 'foreignChain'
  | 'foreignEpoch'
  | 'unknownMember'
  | 'signersNotAscending'
  | 'noQuorum'
  | 'badSignature'
  | 'badRelease'

export class CertificateError extends Error {
  override name = 'CertificateError'
  readonly code: CertificateFault
  constructor(what: 'LeaderCert' | 'CommitCert', code: CertificateFault) {
    super(`${what}: ${FAULT_TEXT[code]}`)
    this.code = code
  }
}

const FAULT_TEXT: Readonly<Record<CertificateFault, string>> = {
  foreignChain: 'chainId is not that of this chain',
  foreignEpoch: 'the validator set of its epoch is not known',
  unknownMember: 'names a member that is not in the validator set',
  signersNotAscending: 'signers must be ascending, each once',
  noQuorum: 'fewer signatures than the quorum of the validator set',
  badSignature: 'a signature does not verify with the key of its member',
  badRelease: 'an attached Release is not valid',
}

/** What is wrong with a LeaderCert, or null: q members voted for one candidate with one tip in its term. */
export function leaderCertFault(certificate: LeaderCert, verifier: Verifier): CertificateFault | null {
  const set = certificate.chainId === verifier.chainId ? verifier.setOf(certificate.epoch) : undefined
  if (set !== undefined && memberAt(set, certificate.candidate) === undefined) return 'unknownMember'
  const fault = quorumFault(certificate, { message: voteMessage(voteOf(certificate)), verifier })
  if (fault !== null) return fault
  return validReleases(certificate.releases, verifier) === null ? 'badRelease' : null
}

/** What is wrong with a CommitCert, or null: q members acked its block, and with it every ancestor. */
export function commitCertFault(certificate: CommitCert, verifier: Verifier): CertificateFault | null {
  return quorumFault(certificate, { message: ackMessage(ackOf(certificate)), verifier })
}

/** Throws CertificateError unless the certificate is valid. */
export function verifyLeaderCert(certificate: LeaderCert, verifier: Verifier): void {
  const fault = leaderCertFault(certificate, verifier)
  if (fault !== null) throw new CertificateError('LeaderCert', fault)
}

/** Throws CertificateError unless the certificate is valid. */
export function verifyCommitCert(certificate: CommitCert, verifier: Verifier): void {
  const fault = commitCertFault(certificate, verifier)
  if (fault !== null) throw new CertificateError('CommitCert', fault)
}

/** The vote that every signer of a LeaderCert gave. */
export function voteOf({ chainId, epoch, term, candidate, tip, releases }: LeaderCert): Vote {
  return { chainId, epoch, term, candidate, tip, releasesHash: hashReleases(releases) }
}

/** The ack that every signer of a CommitCert gave. */
export const ackOf: (certificate: CommitCert) => Ack = remembered(({ chainId, epoch, term, height, blockHash }) => ({
  chainId,
  epoch,
  term,
  height,
  blockHash,
}))

/** A LeaderCert of q collected votes, which must all be this one; with the Releases whose hash it signs. */
export function createLeaderCert(
  vote: Vote,
  signatures: ReadonlyMap<Seat, Uint8Array>,
  releases: readonly Uint8Array[] = [],
): LeaderCert {
  const { chainId, epoch, term, candidate, tip } = vote
  return { chainId, epoch, term, candidate, tip, releases, signatures: bySigner(signatures) }
}

/** A CommitCert of q collected acks, which must all be this one. */
export function createCommitCert(ack: Ack, signatures: ReadonlyMap<Seat, Uint8Array>): CommitCert {
  return { ...ack, signatures: bySigner(signatures) }
}

function bySigner(signatures: ReadonlyMap<Seat, Uint8Array>): readonly MemberSignature[] {
  return [...signatures]
    .map(([member, signature]) => ({ member, signature }))
    .sort((left, right) => left.member - right.member)
}
