// From typed data to the bytes that are hashed and signed, and back from the wire. The only place that joins a codec
// with its tag.

import { sha256Hex, taggedBytes, taggedHash } from '../crypto/hash.ts'
import { type Block, blockEnvelopeCodec, type Header, headerCodec, type SignedHeader } from './block.ts'
import { type Hash, ZERO_HASH } from './brand.ts'
import { bytes, type Codec, fromBytes, toBytes } from './canonical.ts'
import { DecodeError } from './canonical-bytes.ts'
import {
  type Ack,
  ackCodec,
  type BareLeaderCert,
  bareLeaderCertCodec,
  type CommitCert,
  commitCertCodec,
  type LeaderCert,
  promiseCodec,
  releasesCodec,
  type TransferNotice,
  transferNoticeCodec,
  type Vote,
  type VotePromise,
  voteCodec,
} from './certificate.ts'
import { type Genesis, genesisCodec, type JoinCard, joinCardBodyCodec } from './genesis.ts'
import { BLOCK_ENVELOPE_BYTES_MAX } from './limits.ts'
import { remembered } from './remembered.ts'
import { TAG, type Tag } from './tags.ts'
import { envelopeCodec, type SignedTransaction, type Transaction, transactionCodec } from './transaction.ts'

/** Signs a tagged message; 64 bytes. */
export type Sign = (message: Uint8Array) => Uint8Array

const messageOf =
  <T>(tag: Tag, codec: Codec<T>) =>
  (value: T): Uint8Array =>
    taggedBytes(tag, toBytes(codec, value))

const hashOf =
  <T>(tag: Tag, codec: Codec<T>) =>
  (value: T): Hash =>
    taggedHash(tag, toBytes(codec, value))

/** Headers and acks are checked at every turn of their way. */
export const headerMessage: (header: Header) => Uint8Array = remembered(messageOf(TAG.header, headerCodec))
export const ackMessage: (ack: Ack) => Uint8Array = remembered(messageOf(TAG.ack, ackCodec))
export const voteMessage: (vote: Vote) => Uint8Array = messageOf(TAG.vote, voteCodec)
export const promiseMessage: (promise: VotePromise) => Uint8Array = messageOf(TAG.promise, promiseCodec)
export const transferNoticeMessage: (notice: TransferNotice) => Uint8Array = messageOf(
  TAG.transferNotice,
  transferNoticeCodec,
)
export const genesisMessage: (genesis: Genesis) => Uint8Array = messageOf(TAG.genesis, genesisCodec)
export const joinCardMessage = (card: Omit<JoinCard, 'signature'>): Uint8Array =>
  taggedBytes(TAG.joinCard, toBytes(joinCardBodyCodec, card))

/** blockHash: of the unsigned header. */
export const blockHash: (header: Header) => Hash = remembered((header) => sha256Hex(headerMessage(header)))
export const bareLeaderCertHash: (certificate: BareLeaderCert) => Hash = hashOf(TAG.leaderCert, bareLeaderCertCodec)
export const leaderCertHash: (certificate: LeaderCert) => Hash = remembered((certificate) =>
  bareLeaderCertHash(withoutReleases(certificate)),
)
/** Stored by everybody, hashed into every header. */
export const encodeCommitCert: (certificate: CommitCert) => Uint8Array = remembered((certificate) =>
  toBytes(commitCertCodec, certificate),
)
export const commitCertHash: (certificate: CommitCert) => Hash = remembered((certificate) =>
  taggedHash(TAG.commitCert, encodeCommitCert(certificate)),
)
export const chainIdOf: (genesis: Genesis) => Hash = hashOf(TAG.genesis, genesisCodec)

/** What a vote signs for the Releases that its voter was shown; zero for none. */
export function hashReleases(releases: readonly Uint8Array[]): Hash {
  return releases.length === 0 ? ZERO_HASH : taggedHash(TAG.releases, toBytes(releasesCodec, releases))
}

export function withoutReleases({ releases, ...certificate }: LeaderCert): BareLeaderCert {
  return { ...certificate, releasesHash: hashReleases(releases) }
}

/** The chain that a consortium began with: what it keeps outside the chain stays its own through every recovery. */
export const originOf = (genesis: Genesis): Hash => genesis.predecessor?.chains.at(-1)?.chainId ?? chainIdOf(genesis)

/** What a transaction's signature covers. */
export const transactionMessage = (unsignedBytes: Uint8Array): Uint8Array => taggedBytes(TAG.transaction, unsignedBytes)

export function signTransaction(transaction: Transaction, sign: Sign): SignedTransaction {
  const unsignedBytes = toBytes(transactionCodec, transaction)
  const signature = sign(transactionMessage(unsignedBytes))
  return {
    transaction,
    id: taggedHash(TAG.transaction, unsignedBytes),
    unsignedBytes,
    signature,
    bytes: toBytes(envelopeCodec, [unsignedBytes, signature]),
  }
}

/** Shape only: the signature is not checked. Throws DecodeError with the path of the field. */
export function decodeTransaction(bytes: Uint8Array): SignedTransaction {
  const [unsignedBytes, signature] = fromBytes(envelopeCodec, bytes)
  const transaction = fromBytes(transactionCodec, unsignedBytes)
  if (transaction.calls.length === 0) throw new DecodeError('expected at least one call', 'calls')
  return { transaction, id: taggedHash(TAG.transaction, unsignedBytes), unsignedBytes, signature, bytes }
}

/** A leader sends a block to everybody and stores it; a follower stores what has come: written once, or never. */
const encodedBlocks = new WeakMap<Omit<Block, 'hash'>, Uint8Array>()

export function encodeBlock(block: Omit<Block, 'hash'>): Uint8Array {
  const known = encodedBlocks.get(block)
  if (known !== undefined) return known
  const { header, signature, transactions, epochCert } = block
  const envelope = { header, signature, transactions: transactions.map(({ bytes }) => bytes), epochCert }
  const encoded = toBytes(blockEnvelopeCodec, envelope)
  encodedBlocks.set(block, encoded)
  return encoded
}

/** Shape only: neither signatures nor roots are checked. Throws DecodeError with the path of the field. */
export function decodeBlock(bytes: Uint8Array): Block {
  const { header, signature, transactions, epochCert } = fromBytes(blockEnvelopeCodec, bytes)
  const block: Block = {
    header,
    signature,
    hash: blockHash(header),
    transactions: transactions.map((transaction, i) => {
      try {
        return decodeTransaction(transaction)
      } catch (error) {
        throw error instanceof DecodeError ? error.within(`transactions[${i}]`) : error
      }
    }),
    epochCert,
  }
  // One value has one encoding.
  encodedBlocks.set(block, bytes)
  return block
}

const envelopeBytes = bytes(BLOCK_ENVELOPE_BYTES_MAX)

/** A block inside a message. */
export const blockCodec: Codec<Block> = {
  write: (writer, block) => envelopeBytes.write(writer, encodeBlock(block)),
  read: (reader) => decodeBlock(envelopeBytes.read(reader)),
}

export function signHeader(header: Header, sign: Sign): SignedHeader {
  return { header, signature: sign(headerMessage(header)) }
}
