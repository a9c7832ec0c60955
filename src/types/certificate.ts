// Signed statements of validators and the certificates made of them. Individual signatures: a certificate names who
// signed, so that a lie has an author. spec/consensus.md, "Signed messages".

import type { Epoch, Hash, Height, Seat, Term } from './brand.ts'
import { bytes, type Codec, epoch, hash, height, list, optional, record, seat, signature, term } from './canonical.ts'
import { DecodeError } from './canonical-bytes.ts'
import { RELEASE_BYTES_MAX, RELEASES_MAX, VALIDATORS_MAX } from './limits.ts'

/** End of a chain: what a vote is given for. */
export interface Tip {
  readonly term: Term
  readonly height: Height
  readonly hash: Hash
}

export interface Ack {
  readonly chainId: Hash
  readonly epoch: Epoch
  readonly term: Term
  readonly height: Height
  readonly blockHash: Hash
}

export interface Vote {
  readonly chainId: Hash
  readonly epoch: Epoch
  readonly term: Term
  readonly candidate: Seat
  /** The candidate's. */
  readonly tip: Tip
  /** Of the Releases shown to the voter; ZERO_HASH for none. */
  readonly releasesHash: Hash
}

/** Given instead of a vote where the vote rule refuses: "in this term I follow nobody below; my last ack is this". */
export interface VotePromise {
  readonly chainId: Hash
  readonly epoch: Epoch
  readonly term: Term
  readonly lastAck: Tip | null
}

/** By the current leader: it hands leadership to `target`. */
export interface TransferNotice {
  readonly chainId: Hash
  readonly term: Term
  readonly target: Seat
}

export interface MemberSignature {
  readonly member: Seat
  readonly signature: Uint8Array
}

/** q votes with one tip. Kept for ever. */
export interface LeaderCert {
  readonly chainId: Hash
  readonly epoch: Epoch
  readonly term: Term
  readonly candidate: Seat
  readonly tip: Tip
  /** Canonical bytes of the Releases its voters were shown; the votes sign their hash. */
  readonly releases: readonly Uint8Array[]
  readonly signatures: readonly MemberSignature[]
}

/** What a LeaderCert's hash covers: Releases by their hash, so that a header's certificate can be shown without them. */
export interface BareLeaderCert extends Omit<LeaderCert, 'releases'> {
  readonly releasesHash: Hash
}

/** q acks on one block; certifies its ancestors too. */
export interface CommitCert {
  readonly chainId: Hash
  readonly epoch: Epoch
  readonly term: Term
  readonly height: Height
  readonly blockHash: Hash
  readonly signatures: readonly MemberSignature[]
}

export const tipCodec: Codec<Tip> = record<Tip>({ term, height, hash })
export const ackCodec: Codec<Ack> = record<Ack>({ chainId: hash, epoch, term, height, blockHash: hash })
export const voteCodec: Codec<Vote> = record<Vote>({
  chainId: hash,
  epoch,
  term,
  candidate: seat,
  tip: tipCodec,
  releasesHash: hash,
})
export const promiseCodec: Codec<VotePromise> = record<VotePromise>({
  chainId: hash,
  epoch,
  term,
  lastAck: optional(tipCodec),
})
export const transferNoticeCodec: Codec<TransferNotice> = record<TransferNotice>({
  chainId: hash,
  term,
  target: seat,
})

export const memberSignatureCodec: Codec<MemberSignature> = record<MemberSignature>({ member: seat, signature })

const anyMemberSignatures = list(memberSignatureCodec, VALIDATORS_MAX)

/** Ascending by member, each once: one set of signers has one encoding, and nobody counts twice. */
const memberSignatures: Codec<readonly MemberSignature[]> = {
  write: anyMemberSignatures.write,
  read(reader) {
    const signatures = anyMemberSignatures.read(reader)
    signatures.forEach(({ member }, i) => {
      const previous = signatures[i - 1]
      if (previous && previous.member >= member) throw new DecodeError('signers not ascending, each once')
    })
    return signatures
  },
}

/** Releases that go together under one vote. */
export const releasesCodec: Codec<readonly Uint8Array[]> = list(bytes(RELEASE_BYTES_MAX), RELEASES_MAX)

export const leaderCertCodec: Codec<LeaderCert> = record<LeaderCert>({
  chainId: hash,
  epoch,
  term,
  candidate: seat,
  tip: tipCodec,
  releases: releasesCodec,
  signatures: memberSignatures,
})

export const bareLeaderCertCodec: Codec<BareLeaderCert> = record<BareLeaderCert>({
  chainId: hash,
  epoch,
  term,
  candidate: seat,
  tip: tipCodec,
  releasesHash: hash,
  signatures: memberSignatures,
})

export const commitCertCodec: Codec<CommitCert> = record<CommitCert>({
  chainId: hash,
  epoch,
  term,
  height,
  blockHash: hash,
  signatures: memberSignatures,
})
