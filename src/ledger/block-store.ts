// Blocks, certificates, receipts and indexes as they stand in the store: which bytes under which key, both ways. Reads
// throw DATA_CORRUPT where stored bytes are not what was once written there.

import { takeBytes } from '../crypto/byte-room.ts'
import { EMPTY_RANGE, type MountainRange } from '../crypto/mountain-range.ts'
import { type Block, blockEnvelopeCodec, type Header, headerCodec } from '../types/block.ts'
import type { Hash, Height, Term } from '../types/brand.ts'
import { bytes, type Codec, fromBytes, hash, height, list, record, toBytes, uint } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { type CommitCert, commitCertCodec, type LeaderCert, leaderCertCodec } from '../types/certificate.ts'
import { type EpochLink, epochLinkCodec } from '../types/epoch-link.ts'
import { BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX } from '../types/limits.ts'
import { type Receipt, receiptCodec } from '../types/receipt.ts'
import { remembered } from '../types/remembered.ts'
import { blockHash, decodeBlock, encodeBlock, encodeCommitCert, leaderCertHash } from '../types/signing.ts'
import { corrupt } from './errors.ts'
import type { BlockOutcome } from './execute-block.ts'
import {
  BASE_KEY,
  blockHeightKey,
  blockKey,
  CHAIN_KEY,
  certifiedKey,
  commitCertKey,
  decodeNumber,
  decodeWord,
  encodeNumber,
  epochLinkKey,
  FORMAT_KEY,
  HEAD_KEY,
  headerKey,
  leaderCertKey,
  leaderCertOfTermKey,
  rangeNodeKey,
  receiptsKey,
  transactionKey,
  writeNumber,
  writeWord,
} from './keys.ts'
import type { TransactionLocation } from './ledger.ts'
import type { KeyValueStore, StoreWrite } from './store.ts'

/** Layout of the store. A later one is refused, an earlier one would be converted. */
export const STORE_FORMAT = 1

/** Head of the certified chain. `range` covers the blocks before it. */
export interface StoredHead {
  readonly height: Height
  readonly hash: Hash
  readonly range: MountainRange
}

const headCodec: Codec<StoredHead> = record<StoredHead>({
  height,
  hash,
  range: record<MountainRange>({ size: uint, peaks: list(hash, 64) }),
})

/** A receipt holds what contracts returned and emitted; its size is bounded by gas, and here by a length to be sane. */
export const RECEIPT_BYTES_MAX = 64 * BLOCK_BYTES_MAX
const receiptListCodec = list(bytes(RECEIPT_BYTES_MAX), BLOCK_TRANSACTIONS_MAX)

const put = (key: Uint8Array, value: Uint8Array): StoreWrite => ({ type: 'put', key, value })
const del = (key: Uint8Array): StoreWrite => ({ type: 'del', key })

// ── writes ──

export const writeIdentity = (chainId: Hash): StoreWrite[] => [
  put(FORMAT_KEY, encodeNumber(STORE_FORMAT)),
  put(CHAIN_KEY, Uint8Array.fromHex(chainId)),
]
export const writeHead = (head: StoredHead): StoreWrite => put(HEAD_KEY, toBytes(headCodec, head))

export const writeBase = (at: number): StoreWrite => put(BASE_KEY, encodeNumber(at))
export const writeHeader = (header: Header): StoreWrite =>
  put(headerKey(blockHash(header)), toBytes(headerCodec, header))

export const writeBlock = (block: Block): StoreWrite[] => [
  put(blockKey(block.header.height, block.hash), encodeBlock(block)),
  put(blockHeightKey(block.hash), encodeNumber(block.header.height)),
]
/** A ledger that holds nothing but block 0, whose state is written beside it. */
export const writeBlockZero = (block: Block): StoreWrite[] => {
  const at = { height: block.header.height, hash: block.hash }
  return [
    ...writeIdentity(block.header.chainId),
    ...writeBlock(block),
    writeCertified(at),
    writeHead({ ...at, range: EMPTY_RANGE }),
  ]
}
export const deleteBlock = (at: { height: number; hash: Hash }): StoreWrite[] => [
  del(blockKey(at.height, at.hash)),
  del(blockHeightKey(at.hash)),
]
export const writeLeaderCert = (cert: LeaderCert): StoreWrite[] => [
  put(leaderCertKey(leaderCertHash(cert)), toBytes(leaderCertCodec, cert)),
]
export const writeLeaderCertOfTerm = (term: Term, certHash: Hash): StoreWrite =>
  put(leaderCertOfTermKey(term), Uint8Array.fromHex(certHash))
export const writeCommitCert = (cert: CommitCert): StoreWrite => put(commitCertKey(cert.height), encodeCommitCert(cert))
export const writeCertified = (at: { height: number; hash: Hash }): StoreWrite =>
  put(certifiedKey(at.height), Uint8Array.fromHex(at.hash))
export const writeReceipts = (at: number, receipts: readonly Uint8Array[]): StoreWrite =>
  put(receiptsKey(at), toBytes(receiptListCodec, receipts))
export const writeRangeNode = (position: number, nodeHash: Hash): StoreWrite =>
  put(rangeNodeKey(position), Uint8Array.fromHex(nodeHash))

export const writeEpochLink = (epoch: number, link: EpochLink): StoreWrite =>
  put(epochLinkKey(epoch), toBytes(epochLinkCodec, link))

export function writeLocation(id: Hash, { height, index }: TransactionLocation): StoreWrite {
  const value = takeBytes(12)
  writeNumber(value, 0, height)
  writeWord(value, 8, index)
  return put(transactionKey(id), value)
}

/** Of an executed block: receipts, where its transactions stand, and what its parent adds to the mountain range. */
export const writeOutcome: (outcome: BlockOutcome) => readonly StoreWrite[] = remembered(
  ({ height: at, receipts, receiptBytes, rangeNodes }) => [
    writeReceipts(at, receiptBytes),
    ...receipts.map(({ transactionId }, index) => writeLocation(transactionId, { height: at, index })),
    ...rangeNodes.map(({ position, hash: nodeHash }) => writeRangeNode(position, nodeHash)),
  ],
)

// ── reads ──

export class BlockStore {
  private readonly store: Pick<KeyValueStore, 'get'>

  constructor(store: Pick<KeyValueStore, 'get'>) {
    this.store = store
  }

  format(): number | undefined {
    return this.read('format of the data folder', FORMAT_KEY, decodeNumber)
  }

  chainId(): Hash | undefined {
    return this.read('chain id', CHAIN_KEY, toHash)
  }

  head(): StoredHead | undefined {
    return this.read('head', HEAD_KEY, (value) => fromBytes(headCodec, value))
  }

  /** Blocks from this height on are here, besides the genesis: 1, unless the store began with a snapshot. */
  base(): Height {
    return this.read('where the blocks begin', BASE_KEY, (value) => decodeNumber(value) as Height) ?? (1 as Height)
  }

  /** Its blocks were not all executed here, however few came along. */
  get beganWithSnapshot(): boolean {
    return this.store.get(BASE_KEY) !== undefined
  }

  /** Of a stored block, or kept without its body. */
  headerOf(hash: Hash): Header | undefined {
    const at = this.heightOf(hash)
    if (at !== undefined) return this.header({ height: at, hash })
    return this.read('header', headerKey(hash), (value) => fromBytes(headerCodec, value))
  }

  hashAt(at: number): Hash | undefined {
    return this.read(`certified hash of height ${at}`, certifiedKey(at), toHash)
  }

  heightOf(hash: Hash): Height | undefined {
    return this.read('height of a block', blockHeightKey(hash), (value) => decodeNumber(value) as Height)
  }

  block(at: { height: number; hash: Hash }): Block | undefined {
    return this.read(`block ${at.height}`, blockKey(at.height, at.hash), decodeBlock)
  }

  /** Without decoding its transactions. */
  header(at: { height: number; hash: Hash }): Header | undefined {
    const key = blockKey(at.height, at.hash)
    return this.read(`block ${at.height}`, key, (value) => fromBytes(blockEnvelopeCodec, value).header)
  }

  commitCert(at: number): CommitCert | undefined {
    return this.read(`CommitCert of height ${at}`, commitCertKey(at), (value) => fromBytes(commitCertCodec, value))
  }

  leaderCert(certHash: Hash): LeaderCert | undefined {
    return this.read('LeaderCert', leaderCertKey(certHash), (value) => fromBytes(leaderCertCodec, value))
  }

  leaderCertHashOf(term: number): Hash | undefined {
    return this.read(`LeaderCert of term ${term}`, leaderCertOfTermKey(term), toHash)
  }

  /** From the epoch before it to this one. */
  epochLink(epoch: number): EpochLink | undefined {
    return this.read(`proof of the validators of epoch ${epoch}`, epochLinkKey(epoch), (value) =>
      fromBytes(epochLinkCodec, value),
    )
  }

  /** Of the epochs after the first one to `epoch`. */
  epochLinks(epoch: number): readonly EpochLink[] {
    const first = this.firstEpoch()
    return Array.from({ length: epoch - first }, (_, i) => {
      const next = first + i + 1
      const link = this.epochLink(next)
      if (link === undefined) throw corrupt(`proof of the validators of epoch ${next}: missing`)
      return link
    })
  }

  /** Of block 0: above 0 where the chain goes on from another. */
  private firstEpoch(): number {
    const hash = this.hashAt(0)
    const header = hash && this.header({ height: 0, hash })
    if (header === undefined) throw corrupt('block 0: missing')
    return header.epoch
  }

  /** As far as the block after a head of this epoch needs them. */
  epochLinksFrom(headEpoch: number): readonly EpochLink[] {
    const isPending = this.epochLink(headEpoch + 1) !== undefined
    return this.epochLinks(isPending ? headEpoch + 1 : headEpoch)
  }

  receiptBytes(at: number): readonly Uint8Array[] | undefined {
    return this.read(`receipts of height ${at}`, receiptsKey(at), (value) => fromBytes(receiptListCodec, value))
  }

  receipts(at: number): readonly Receipt[] | undefined {
    const receipts = this.receiptBytes(at)
    return receipts?.map((receipt) => decodeStored(`receipts of height ${at}`, () => fromBytes(receiptCodec, receipt)))
  }

  location(id: Hash): TransactionLocation | undefined {
    return this.read('transaction index', transactionKey(id), (value) => ({
      height: decodeNumber(value) as Height,
      index: decodeWord(value, 8),
    }))
  }

  hasLocation(id: Hash): boolean {
    return this.store.get(transactionKey(id)) !== undefined
  }

  rangeNode(position: number): Hash {
    const node = this.read(`mountain range node ${position}`, rangeNodeKey(position), toHash)
    if (node === undefined) throw corrupt(`mountain range node ${position} is missing`)
    return node
  }

  private read<T>(what: string, key: Uint8Array, decode: (value: Uint8Array) => T): T | undefined {
    const value = this.store.get(key)
    return value === undefined ? undefined : decodeStored(what, () => decode(value))
  }
}

function decodeStored<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DecodeError || error instanceof RangeError) throw corrupt(`${what}: damaged`, { cause: error })
    throw error
  }
}

function toHash(value: Uint8Array): Hash {
  if (value.length !== 32) throw new RangeError('expected 32 bytes')
  return value.toHex() as Hash
}
