// A transaction that may not stand in the block it stands in. Shown by its bytes under the txRoot; a bad signature also
// by the sender's key under the parent's stateRoot: every honest proposer and follower asks for it in that very state.
// Transactions too large for evidence are refused like all, but prove nothing: a leaf of txRoot shows its bytes only whole.

import { verifyMerkleProof } from '../../crypto/merkle.ts'
import { type StateProof, verifyStateProof } from '../../crypto/state-proof.ts'
import { type Header, headerCodec } from '../../types/block.ts'
import type { Hash, PublicKey } from '../../types/brand.ts'
import { bytes, type Codec, hash, list, optional, record, uint } from '../../types/canonical.ts'
import { DecodeError } from '../../types/canonical-bytes.ts'
import { blockHash, decodeTransaction, transactionMessage } from '../../types/signing.ts'
import { decodeSigningKeyEntry, signingKeyEntryKey } from '../../types/signing-key-entry.ts'
import { stateProofCodec } from '../../types/state-proof.ts'
import type { SignedTransaction, Transaction } from '../../types/transaction.ts'
import { termsFault } from '../../types/transaction-terms.ts'
import type { Verifier } from '../certificate.ts'

export interface BadTransaction {
  readonly index: number
  readonly leafCount: number
  readonly path: readonly Hash[]
  /** As it stands in the block. */
  readonly bytes: Uint8Array
  /** Where the signature is what is bad. */
  readonly signer: ShownSigner | null
}

/** What the state before a block holds of the key that a transaction names. */
export interface ShownSigner {
  readonly parent: Header
  /** Null where there is no such key. */
  readonly entry: Uint8Array | null
  readonly proof: StateProof
}

export const TRANSACTION_BYTES_SHOWN_MAX = 10 * 1024
const KEY_ENTRY_BYTES_MAX = 256
/** 2^16 transactions and more than a block holds. */
const PATH_MAX = 16

export const badTransactionCodec: Codec<BadTransaction> = record<BadTransaction>({
  index: uint,
  leafCount: uint,
  path: list(hash, PATH_MAX),
  bytes: bytes(TRANSACTION_BYTES_SHOWN_MAX),
  signer: optional(
    record<ShownSigner>({ parent: headerCodec, entry: optional(bytes(KEY_ENTRY_BYTES_MAX)), proof: stateProofCodec }),
  ),
})

export function isBadTransaction(
  { index, leafCount, path, bytes: leaf, signer }: BadTransaction,
  { header, verifier }: { header: Header; verifier: Verifier },
): boolean {
  if (!verifyMerkleProof({ index, leafCount, path }, { root: header.txRoot, leaf })) return false
  const signed = decoded(leaf)
  if (signed === undefined || termsFault(signed.transaction, header) !== null) return true
  if (signer === null || blockHash(signer.parent) !== header.parentHash) return false
  const key = shownKey(signer, signed.transaction)
  if (key === undefined) return false
  return key === null || !verifier.verify(key, transactionMessage(signed.unsignedBytes), signed.signature)
}

/** Null: it is shown that the sender has no such key, or no longer. Undefined: nothing is shown. */
function shownKey({ parent, entry, proof }: ShownSigner, { sender, keyId }: Transaction): PublicKey | null | undefined {
  const key = signingKeyEntryKey(sender, keyId)
  if (!verifyStateProof(proof, { root: parent.stateRoot, key, value: entry ?? undefined })) return undefined
  if (entry === null) return null
  try {
    return decodeSigningKeyEntry(entry)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function decoded(leaf: Uint8Array): SignedTransaction | undefined {
  try {
    return decodeTransaction(leaf)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
