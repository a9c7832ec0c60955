// Header and block. blockHash is the tagged hash of the unsigned header; spec/ledger.md, "Blocks".

import type { Epoch, Hash, Height, Seat, Term } from './brand.ts'
import {
  bytes,
  type Codec,
  epoch,
  hash,
  height,
  list,
  optional,
  record,
  seat,
  signature,
  term,
  uint,
} from './canonical.ts'
import { type CommitCert, commitCertCodec } from './certificate.ts'
import { BLOCK_TRANSACTIONS_MAX, TRANSACTION_BYTES_MAX } from './limits.ts'
import type { SignedTransaction } from './transaction.ts'

export interface Header {
  /** Of the protocol; which one is right at a height, the state says. */
  readonly version: number
  readonly chainId: Hash
  readonly epoch: Epoch
  readonly height: Height
  readonly term: Term
  readonly parentHash: Hash
  /** Leader's clock, above the parent's. */
  readonly timeMs: number
  readonly proposer: Seat
  /** Merkle root over full signed transaction bytes. */
  readonly txRoot: Hash
  readonly receiptRoot: Hash
  /** State after this block: an ack attests execution. */
  readonly stateRoot: Hash
  /** Mountain range over all earlier block hashes. */
  readonly logRoot: Hash
  /** LeaderCert of this term. */
  readonly leaderCertHash: Hash
  /** Highest CommitCert that the proposer held. */
  readonly commitCertHash: Hash
}

export interface SignedHeader {
  readonly header: Header
  /** Of the proposer's consensus key over the tagged header; all zero in genesis, which nobody proposes. */
  readonly signature: Uint8Array
}

export interface Block extends SignedHeader {
  readonly hash: Hash
  readonly transactions: readonly SignedTransaction[]
  /**
   * In the first block of an epoch, else null: what made the epoch. Of the epoch before, on the block that changed the set
   * or on one above it; its hash is the header's commitCertHash.
   */
  readonly epochCert: CommitCert | null
}

export const headerCodec: Codec<Header> = record<Header>({
  version: uint,
  chainId: hash,
  epoch,
  height,
  term,
  parentHash: hash,
  timeMs: uint,
  proposer: seat,
  txRoot: hash,
  receiptRoot: hash,
  stateRoot: hash,
  logRoot: hash,
  leaderCertHash: hash,
  commitCertHash: hash,
})

export const signedHeaderCodec: Codec<SignedHeader> = record<SignedHeader>({ header: headerCodec, signature })

/** Wire and disk form; `decodeBlock` in signing.ts turns it into a Block. */
export interface BlockEnvelope extends SignedHeader {
  readonly transactions: readonly Uint8Array[]
  readonly epochCert: CommitCert | null
}

export const blockEnvelopeCodec: Codec<BlockEnvelope> = record<BlockEnvelope>({
  header: headerCodec,
  signature,
  transactions: list(bytes(TRANSACTION_BYTES_MAX + 128), BLOCK_TRANSACTIONS_MAX),
  epochCert: optional(commitCertCodec),
})
