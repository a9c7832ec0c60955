// What stands under which key in the store. Numbers are big-endian, so that ranges go by height and term.
//
//   M name                      meta: format, chain id, head
//   b height8 hash32            block, certified or waiting
//   i hash32                    height8 of a stored block
//   n height8                   hash32 of the certified block
//   c height8                   CommitCert on exactly that block
//   l hash32                    LeaderCert
//   L term8                     hash32 of the term's LeaderCert: of the certified chain, else the one stored last
//   r height8                   receipts of the block
//   t id32                      height8 index4 of a committed transaction
//   m position8                 hash32, node of the mountain range over block hashes
//   h hash32                    header of a block below a snapshot, whose body is not here
//   s key                       value of a state key
//   e epoch8                     how its validators are known, from those of the epoch before
//   p depth2 prefix             branch of the state tree; p alone: what stands at its root

import { takeBytes } from '../crypto/byte-room.ts'
import type { Hash } from '../types/brand.ts'
import { type ByteString, fromByteString } from './byte-string.ts'

export const SPACE = {
  meta: 0x4d,
  block: 0x62,
  blockHeight: 0x69,
  certified: 0x6e,
  commitCert: 0x63,
  leaderCert: 0x6c,
  leaderCertOfTerm: 0x4c,
  receipts: 0x72,
  transaction: 0x74,
  rangeNode: 0x6d,
  header: 0x68,
  state: 0x73,
  branch: 0x70,
  epochLink: 0x65,
} as const

export type Space = (typeof SPACE)[keyof typeof SPACE]

const meta = (name: string): Uint8Array => Buffer.from(`M${name}`, 'latin1')

export const FORMAT_KEY = meta('format')
export const CHAIN_KEY = meta('chain')
export const HEAD_KEY = meta('head')
/** Height of the first block here, where the store began with a snapshot. */
export const BASE_KEY = meta('base')
export const STATE_ROOT_KEY = Uint8Array.of(SPACE.branch)

const NUMBER_BYTES = 8
const HASH_BYTES = 32

export function encodeNumber(value: number): Uint8Array {
  const bytes = takeBytes(NUMBER_BYTES)
  writeNumber(bytes, 0, value)
  return bytes
}

/** Throws RangeError when there are too few bytes. */
export function decodeNumber(bytes: Uint8Array, offset = 0): number {
  return decodeWord(bytes, offset) * 0x1_0000_0000 + decodeWord(bytes, offset + 4)
}

/** 4 bytes. Throws RangeError when there are fewer. */
export function decodeWord(bytes: Uint8Array, offset: number): number {
  if (offset + 4 > bytes.length) throw new RangeError('too few bytes')
  const byte = (at: number): number => bytes[offset + at] as number
  return byte(0) * 0x100_0000 + ((byte(1) << 16) | (byte(2) << 8) | byte(3))
}

export function writeNumber(bytes: Uint8Array, offset: number, value: number): void {
  writeWord(bytes, offset, Math.floor(value / 0x1_0000_0000))
  writeWord(bytes, offset + 4, value % 0x1_0000_0000)
}

/** 4 bytes. */
export function writeWord(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}

function numberKey(space: Space, value: number): Uint8Array {
  const key = takeBytes(1 + NUMBER_BYTES)
  key[0] = space
  writeNumber(key, 1, value)
  return key
}

/** Reused by every key: cheaper than a view of the key for what is copied into it. */
const hashBytes = new Uint8Array(HASH_BYTES)

function writeHash(bytes: Uint8Array, offset: number, hash: Hash): void {
  hashBytes.setFromHex(hash)
  bytes.set(hashBytes, offset)
}

function hashKey(space: Space, hash: Hash): Uint8Array {
  const key = takeBytes(1 + HASH_BYTES)
  key[0] = space
  writeHash(key, 1, hash)
  return key
}

function numberHashKey(space: Space, value: number, hash: Hash): Uint8Array {
  const key = takeBytes(1 + NUMBER_BYTES + HASH_BYTES)
  key[0] = space
  writeNumber(key, 1, value)
  writeHash(key, 1 + NUMBER_BYTES, hash)
  return key
}

export const blockKey = (height: number, hash: Hash): Uint8Array => numberHashKey(SPACE.block, height, hash)
export const blockHeightKey = (hash: Hash): Uint8Array => hashKey(SPACE.blockHeight, hash)
export const certifiedKey = (height: number): Uint8Array => numberKey(SPACE.certified, height)
export const commitCertKey = (height: number): Uint8Array => numberKey(SPACE.commitCert, height)
export const leaderCertKey = (hash: Hash): Uint8Array => hashKey(SPACE.leaderCert, hash)
export const leaderCertOfTermKey = (term: number): Uint8Array => numberKey(SPACE.leaderCertOfTerm, term)
export const receiptsKey = (height: number): Uint8Array => numberKey(SPACE.receipts, height)
export const transactionKey = (id: Hash): Uint8Array => hashKey(SPACE.transaction, id)
export const epochLinkKey = (epoch: number): Uint8Array => numberKey(SPACE.epochLink, epoch)
export const rangeNodeKey = (position: number): Uint8Array => numberKey(SPACE.rangeNode, position)
export const headerKey = (hash: Hash): Uint8Array => hashKey(SPACE.header, hash)
export const stateKey = (key: ByteString): Uint8Array => fromByteString(`s${key}`)

export function branchKey(depth: number, prefix: ByteString): Uint8Array {
  return fromByteString(`p${String.fromCharCode(depth >>> 8, depth & 0xff)}${prefix}`)
}

/** Everything in `space` whose number lies in [from, to). */
export function numberRange(
  space: Space,
  { from = 0, to }: { from?: number; to?: number } = {},
): { from: Uint8Array; to: Uint8Array } {
  return { from: numberKey(space, from), to: to === undefined ? Uint8Array.of(space + 1) : numberKey(space, to) }
}

export function spaceRange(space: Space): { from: Uint8Array; to: Uint8Array } {
  return { from: Uint8Array.of(space), to: Uint8Array.of(space + 1) }
}
