// A transaction that may not stand in the block it stands in. Shown by its bytes under the txRoot; a bad signature also
// by the sender's key under the parent's stateRoot. Transactions too large for evidence are refused like all, but prove
// nothing: a leaf of txRoot shows its bytes only whole.

import { verifyMerkleProof } from '../../crypto/merkle.ts'
import { type Header, headerCodec } from '../../types/block.ts'
import type { Hash, IdentityId, PublicKey } from '../../types/brand.ts'
import { bytes, type Codec, hash, list, optional, record, uint } from '../../types/canonical.ts'
import { DecodeError } from '../../types/canonical-bytes.ts'
import { blockHash, decodeTransaction, transactionMessage } from '../../types/signing.ts'
import type { SignedTransaction } from '../../types/transaction.ts'
import { termsFault } from '../../types/transaction-terms.ts'
import type { Verifier } from '../certificate.ts'

/** What a state says about a sender's key. The consensus core knows neither state nor contracts: the ledger answers. */
export interface SigningKeyOf {
  /** The key that `proof` shows under `stateRoot` for (sender, keyId); undefined where it shows none. Never throws. */
  readonly signingKeyOf?: (claim: {
    readonly stateRoot: Hash
    readonly sender: IdentityId
    readonly keyId: number
    readonly proof: Uint8Array
  }) => PublicKey | undefined
}

export interface BadTransaction {
  readonly index: number
  readonly leafCount: number
  readonly path: readonly Hash[]
  /** As it stands in the block. */
  readonly bytes: Uint8Array
  /** Where the signature is what is bad: the parent, and the proof of the sender's key in its state. */
  readonly signer: { readonly parent: Header; readonly proof: Uint8Array } | null
}

const TRANSACTION_BYTES_SHOWN_MAX = 10 * 1024
const KEY_PROOF_BYTES_MAX = 8 * 1024
/** 2^16 transactions and more than a block holds. */
const PATH_MAX = 16

export const badTransactionCodec: Codec<BadTransaction> = record<BadTransaction>({
  index: uint,
  leafCount: uint,
  path: list(hash, PATH_MAX),
  bytes: bytes(TRANSACTION_BYTES_SHOWN_MAX),
  signer: optional(
    record<{ parent: Header; proof: Uint8Array }>({ parent: headerCodec, proof: bytes(KEY_PROOF_BYTES_MAX) }),
  ),
})

export function isBadTransaction(
  { index, leafCount, path, bytes: leaf, signer }: BadTransaction,
  { header, verifier }: { header: Header; verifier: Verifier & SigningKeyOf },
): boolean {
  if (!verifyMerkleProof({ index, leafCount, path }, { root: header.txRoot, leaf })) return false
  const signed = decoded(leaf)
  if (signed === undefined || termsFault(signed.transaction, header) !== null) return true
  if (signer === null || blockHash(signer.parent) !== header.parentHash) return false
  const { sender, keyId } = signed.transaction
  const { stateRoot } = signer.parent
  const key = verifier.signingKeyOf?.({ stateRoot, sender, keyId, proof: signer.proof })
  return key !== undefined && !verifier.verify(key, transactionMessage(signed.unsignedBytes), signed.signature)
}

function decoded(leaf: Uint8Array): SignedTransaction | undefined {
  try {
    return decodeTransaction(leaf)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
