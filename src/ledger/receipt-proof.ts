// Builds the proof that a receipt is on the chain: Merkle path to the header, and the certificate on the block itself or
// on a descendant whose logRoot holds it. types/receipt-proof.ts is its form, client/verify-receipt.ts checks it.

import { createMerkleProver } from '../crypto/merkle.ts'
import { createRangeProof } from '../crypto/mountain-range.ts'
import type { Header } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import type { CommitCert } from '../types/certificate.ts'
import type { EpochLink } from '../types/epoch-link.ts'
import type { Ancestry, ReceiptProof } from '../types/receipt-proof.ts'

/** Of one block: what all its proofs share is worked out once. */
export function createReceiptProver(block: {
  readonly receipts: readonly Uint8Array[]
  readonly header: Header
  /** The certified block: the same, or a descendant. */
  readonly certified: { readonly header: Header; readonly commitCert: CommitCert }
  /** Up to the epoch of the certificate. */
  readonly epochs: readonly EpochLink[]
  readonly readNode: (position: number) => Hash
}): (index: number) => ReceiptProof {
  const { receipts, header, certified, epochs, readNode } = block
  const prove = createMerkleProver(receipts)
  const { commitCert } = certified
  const ancestry = certified.header.height === header.height ? null : ancestryOf(header, certified.header, readNode)
  return (index) => {
    const { path, leafCount } = prove(index)
    return { receipt: receipts[index] as Uint8Array, index, leafCount, path, header, commitCert, ancestry, epochs }
  }
}

function ancestryOf(header: Header, descendant: Header, readNode: (position: number) => Hash): Ancestry {
  const { path, otherPeaks } = createRangeProof(header.height, { size: descendant.height, readNode })
  return { descendant, path, otherPeaks }
}
