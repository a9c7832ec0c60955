// Everything that shows a stranger who holds only the genesis file that a receipt is on the chain. Built by the ledger,
// checked by client/verify-receipt.ts. spec/rpc.md, "Receipt proofs".

import { type Header, headerCodec } from './block.ts'
import type { Hash } from './brand.ts'
import { bytes, type Codec, hash, list, optional, record, uint } from './canonical.ts'
import { type CommitCert, commitCertCodec } from './certificate.ts'
import { EPOCH_LINKS_MAX, type EpochLink, epochLinkCodec } from './epoch-link.ts'
import { BLOCK_BYTES_MAX } from './limits.ts'

/** Hashes in one Merkle or mountain-range path: trees of up to 2^53 leaves. */
const PATH_MAX = 128

/** That a block is an ancestor of the certified one: its hash is a leaf of the descendant's logRoot. */
export interface Ancestry {
  /** The block that `commitCert` certifies; its logRoot covers the blocks 0 to descendant.height - 1. */
  readonly descendant: Header
  /** Range proof of leaf `header.height` among `descendant.height` leaves: siblings up to the leaf's peak. */
  readonly path: readonly Hash[]
  /** The other peaks, from left to right. */
  readonly otherPeaks: readonly Hash[]
}

export interface ReceiptProof {
  /** Canonical bytes of the Receipt: the leaf. */
  readonly receipt: Uint8Array
  /** Position of the transaction in its block. */
  readonly index: number
  /** Transactions in that block. */
  readonly leafCount: number
  /** Merkle path from the leaf up to `header.receiptRoot`. */
  readonly path: readonly Hash[]
  /** Of the block that holds the transaction. */
  readonly header: Header
  /** On that block, or on `ancestry.descendant`. */
  readonly commitCert: CommitCert
  /** Null where the certificate is on the block itself. */
  readonly ancestry: Ancestry | null
  /** From the validators of the genesis to those of the certificate's epoch; empty in epoch 0. */
  readonly epochs: readonly EpochLink[]
}

const path = list(hash, PATH_MAX)

export const receiptProofCodec: Codec<ReceiptProof> = record<ReceiptProof>({
  receipt: bytes(BLOCK_BYTES_MAX),
  index: uint,
  leafCount: uint,
  path,
  header: headerCodec,
  commitCert: commitCertCodec,
  ancestry: optional(record<Ancestry>({ descendant: headerCodec, path, otherPeaks: path })),
  epochs: list(epochLinkCodec, EPOCH_LINKS_MAX),
})
