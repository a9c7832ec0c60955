// What a snapshot is made of, as it travels. A snapshot stands for the chain up to a certified block S: the state after S,
// and the last blocks before it. Nothing in it is believed: everything leads by hashes to S, whose CommitCert is checked.
// spec/ledger.md, "Snapshots".

import type { MountainRange } from '../crypto/mountain-range.ts'
import { type Header, headerCodec, type SignedHeader, signedHeaderCodec } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import { bytes, type Codec, hash, list, optional, record, uint } from '../types/canonical.ts'
import { type CommitCert, commitCertCodec, type LeaderCert, leaderCertCodec } from '../types/certificate.ts'
import { EPOCH_LINKS_MAX, type EpochLink, epochLinkCodec } from '../types/epoch-link.ts'
import { BLOCK_TRANSACTIONS_MAX } from '../types/limits.ts'
import { RECEIPT_BYTES_MAX } from './block-store.ts'

/** What names a snapshot, and where its blocks begin. */
export interface SnapshotManifest {
  /** S. */
  readonly head: SignedHeader
  readonly commitCert: CommitCert
  /** From the validators of the genesis to those of S and of the block after it. */
  readonly epochs: readonly EpochLink[]
  /**
   * The block before the first that comes along. It is as old as the window in which ids are remembered, so the blocks
   * after it hold every id that may still be repeated.
   */
  readonly before: Header
  /** Over all blocks up to and with `before`: what the first block's logRoot says. */
  readonly range: MountainRange
}

/**
 * The block at the end of one term, and the certificate of the next term, which q members gave for that very block. From
 * S's own certificate they lead down to the genesis, so no term of the chain is left out.
 */
export interface TermLink {
  readonly certificate: LeaderCert
  readonly tip: Header
}

/** Address of a branch of the state tree. */
export interface BranchAddress {
  readonly depth: number
  readonly prefix: Uint8Array
}

/** A branch as it is stored, and the values of the leaves right below it, in order. */
export interface StatePiece {
  readonly branch: Uint8Array
  readonly values: readonly Uint8Array[]
}

export interface SnapshotRequest {
  /** Hash of S; null asks for a manifest. */
  readonly snapshot: Hash | null
  /** Exactly one of these, but for a manifest. Which block its chain holds at this height. */
  readonly lineage: number | null
  /** From the LeaderCert of this hash down. */
  readonly terms: Hash | null
  /** The subtrees of these branches, in order; none: from the root. */
  readonly state: readonly BranchAddress[] | null
  /** From this height on. */
  readonly receipts: number | null
}

/** Bytes of state or receipts in one answer: read in one go, 20 ms. */
export const CHUNK_BYTES_MAX = 256 * 1024
export const TERM_LINKS_MAX = 64
export const BRANCHES_ASKED_MAX = 64
export const SNAPSHOT_REQUEST_BYTES_MAX = 512 * 1024
/** One piece or one block's receipts may be larger than a chunk. */
export const SNAPSHOT_REPLY_BYTES_MAX = 64 * 1024 * 1024
const PIECES_MAX = 16_384
const CHILDREN_MAX = 8
const KEY_BYTES_MAX = 4_096
const BRANCH_BYTES_MAX = 64 * 1024
const VALUE_BYTES_MAX = 16 * 1024 * 1024

/** What a request is answered with. */
export const replyCodec: Codec<Uint8Array | null> = optional(bytes(SNAPSHOT_REPLY_BYTES_MAX))

export const rangeCodec: Codec<MountainRange> = record<MountainRange>({ size: uint, peaks: list(hash, 64) })

export const manifestCodec: Codec<SnapshotManifest> = record<SnapshotManifest>({
  head: signedHeaderCodec,
  commitCert: commitCertCodec,
  epochs: list(epochLinkCodec, EPOCH_LINKS_MAX),
  before: headerCodec,
  range: rangeCodec,
})
export const termLinksCodec: Codec<readonly TermLink[]> = list(
  record<TermLink>({ certificate: leaderCertCodec, tip: headerCodec }),
  TERM_LINKS_MAX,
)
export const statePieceCodec: Codec<StatePiece> = record<StatePiece>({
  branch: bytes(BRANCH_BYTES_MAX),
  values: list(bytes(VALUE_BYTES_MAX), CHILDREN_MAX),
})
export const statePiecesCodec: Codec<readonly StatePiece[]> = list(statePieceCodec, PIECES_MAX)
export const receiptPagesCodec: Codec<readonly (readonly Uint8Array[])[]> = list(
  list(bytes(RECEIPT_BYTES_MAX), BLOCK_TRANSACTIONS_MAX),
  PIECES_MAX,
)
export const snapshotRequestCodec: Codec<SnapshotRequest> = record<SnapshotRequest>({
  snapshot: optional(hash),
  lineage: optional(uint),
  terms: optional(hash),
  state: optional(list(record<BranchAddress>({ depth: uint, prefix: bytes(KEY_BYTES_MAX) }), BRANCHES_ASKED_MAX)),
  receipts: optional(uint),
})
