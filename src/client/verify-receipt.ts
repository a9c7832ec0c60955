// Verifies a receipt offline, from the genesis file alone: no node, no network, no clock. Trusts nothing that the proof
// says; every step hangs on the one before. spec/rpc.md, "Receipt proofs".

import { type Verifier, verifyCommitCert } from '../consensus/certificate.ts'
import { followEpochLink } from '../consensus/epoch-chain.ts'
import { verify } from '../crypto/ed25519.ts'
import { sha256Hex } from '../crypto/hash.ts'
import { verifyMerkleProof } from '../crypto/merkle.ts'
import { verifyRangeProof } from '../crypto/mountain-range.ts'
import type { Header } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import type { CommitCert } from '../types/certificate.ts'
import { EPOCH_LINKS_MAX, type EpochLink, epochLinkCodec } from '../types/epoch-link.ts'
import type { Genesis, PastChain } from '../types/genesis.ts'
import { type Receipt, receiptCodec } from '../types/receipt.ts'
import { type ReceiptProof, receiptProofCodec } from '../types/receipt-proof.ts'
import { blockHash, chainIdOf, commitCertHash } from '../types/signing.ts'
import { onlyEpoch, type ValidatorSet, validatorsOf } from '../types/validator-set.ts'
import { ClientError } from './errors.ts'

/** What a valid proof proves: this receipt stands in this block of this chain. */
export interface VerifiedReceipt {
  readonly receipt: Receipt
  readonly header: Header
  /** Of the transaction in its block. */
  readonly index: number
  /** What was verified, decoded. */
  readonly proof: ReceiptProof
}

/** Throws PROOF_INVALID naming the part that does not hold. Bytes are those of `receiptProofCodec`. */
export function verifyReceipt(proof: ReceiptProof | Uint8Array, genesis: Genesis): VerifiedReceipt {
  const decoded = decode(proof)
  const { receipt, index, leafCount, path, header, commitCert, ancestry, epochs } = decoded
  const anchor = anchorOf(genesis, commitCert.chainId)
  const { chainId, end } = anchor

  // 1. The validators of the certificate's epoch follow from those of the genesis; of a chain that this one goes on from,
  //    the genesis names them, and where it ended: who holds its old keys may sign what he likes above that.
  const set = attempt('epochs', () => (end === null ? lastSet(epochs, anchor) : setOfPast(end, commitCert)))
  expect(set.epoch === commitCert.epoch, 'epochs', "does not lead to the certificate's epoch")
  if (end !== null) {
    expect(commitCert.height <= end.height, 'commitCert', 'is above the end of a chain that ended')
    const isEnd = commitCert.height < end.height || commitCert.blockHash === end.headHash
    expect(isEnd, 'commitCert', 'is on another block than the one that its chain ended with')
  }
  // 2. A quorum of them acked one block of this chain.
  attempt('commitCert', () => verifyOnce(commitCert, { anchor, set }))
  // 3. That block is the shown one, or its shown descendant.
  const certified = ancestry?.descendant ?? header
  const certifiedField = ancestry ? 'ancestry.descendant' : 'header'
  expect(blockHash(certified) === commitCert.blockHash, certifiedField, 'is not the block that the certificate names')
  expect(certified.height === commitCert.height, certifiedField, 'has another height than the certificate')
  expect(certified.epoch === commitCert.epoch, certifiedField, 'has another epoch than the certificate')
  expect(certified.term === commitCert.term, certifiedField, 'has another term than the certificate')
  // 4. The block with the receipt is an ancestor of its descendant: a leaf of the range of all earlier block hashes.
  if (ancestry) {
    const claim = {
      root: ancestry.descendant.logRoot,
      size: ancestry.descendant.height,
      leafIndex: header.height,
      leaf: blockHash(header),
    }
    const { path, otherPeaks } = ancestry
    expect(verifyRangeProof({ path, otherPeaks }, claim), 'ancestry', 'does not show the block as an ancestor')
  }
  expect(header.chainId === chainId, 'header', 'is of another chain')
  // 5. The receipt is a leaf of that block's receiptRoot.
  const isLeaf = verifyMerkleProof({ index, leafCount, path }, { root: header.receiptRoot, leaf: receipt })
  expect(isLeaf, 'path', 'does not lead from the receipt to the receiptRoot of its block')

  return { receipt: attempt('receipt', () => fromBytes(receiptCodec, receipt)), header, index, proof: decoded }
}

interface Anchor {
  readonly chainId: Hash
  /** Of its first epoch. */
  readonly set: ValidatorSet
  /** Sets that valid links have shown, by hash over every byte of the links up to it. */
  readonly sets: Map<Hash, ValidatorSet>
  /** Of a past chain. */
  readonly end: PastChain | null
  /** Hashes, over every byte, of CommitCerts that were found valid: the receipts of a block share one. */
  readonly verified: Set<Hash>
}

const VERIFIED_KEPT = 64
const SETS_KEPT = EPOCH_LINKS_MAX

// Hashing a genesis with its contracts costs more than all the rest of a verification.
const anchors = new WeakMap<Genesis, readonly Anchor[]>()

/** The chain of the genesis, or the one of that id that it goes on from. */
function anchorOf(genesis: Genesis, chainId: Hash): Anchor {
  let known = anchors.get(genesis)
  if (known === undefined) {
    const set = validatorsOf(genesis)
    const anchor = (id: Hash, end: PastChain | null): Anchor => {
      return { chainId: id, set, sets: new Map(), end, verified: new Set() }
    }
    const past = genesis.predecessor?.chains ?? []
    known = [anchor(chainIdOf(genesis), null), ...past.map((end) => anchor(end.chainId, end))]
    anchors.set(genesis, known)
  }
  return known.find((anchor) => anchor.chainId === chainId) ?? (known[0] as Anchor)
}

function setOfPast({ sets }: PastChain, { epoch }: CommitCert): ValidatorSet {
  const set = sets.find((each) => each.epoch === epoch)
  if (set === undefined) throw new Error('the genesis names no validators of that epoch')
  return set
}

/** Throws CertificateError. */
function verifyOnce(
  commitCert: CommitCert,
  { anchor: { chainId, verified }, set }: { anchor: Anchor; set: ValidatorSet },
): void {
  const hash = commitCertHash(commitCert)
  if (verified.has(hash)) return
  verifyCommitCert(commitCert, {
    chainId,
    setOf: onlyEpoch(set),
    verify: verifySignature,
  })
  verified.add(hash)
  for (const oldest of verified) {
    if (verified.size <= VERIFIED_KEPT) break
    verified.delete(oldest)
  }
}

/** The validators that the links lead to. What was followed once is known. Throws EpochLinkError. */
function lastSet(links: readonly EpochLink[], { chainId, set: first, sets }: Anchor): ValidatorSet {
  let set = first
  let path: Hash = chainId
  for (const link of links) {
    path = sha256Hex(Uint8Array.fromHex(path + sha256Hex(toBytes(epochLinkCodec, link))))
    set = sets.get(path) ?? followEpochLink(link, { set, chainId, verify: verifySignature })
    sets.set(path, set)
  }
  for (const oldest of sets.keys()) {
    if (sets.size <= SETS_KEPT) break
    sets.delete(oldest)
  }
  return set
}

const verifySignature: Verifier['verify'] = (publicKey, message, signature) =>
  verify(Uint8Array.fromHex(publicKey), message, signature)

/** Through the codec in both cases, so that no field holds anything but its own type. */
function decode(proof: ReceiptProof | Uint8Array): ReceiptProof {
  return attempt('proof', () =>
    fromBytes(receiptProofCodec, proof instanceof Uint8Array ? proof : toBytes(receiptProofCodec, proof)),
  )
}

function expect(holds: boolean, field: string, complaint: string): void {
  if (!holds) throw new ClientError('PROOF_INVALID', `receipt proof: ${field} ${complaint}`, { field })
}

function attempt<T>(field: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw new ClientError('PROOF_INVALID', `receipt proof: ${field}: ${(error as Error).message}`, {
      field,
      cause: error,
    })
  }
}
