// A signed read: somebody's own statement "I read this, for this reason". Every query, subscription and block read that
// touches a patient carries one; the node commits it to the log before it answers. spec/rpc.md, "Signed reads".

import { taggedBytes } from '../crypto/hash.ts'
import type { Hash, IdentityId, PublicKey } from './brand.ts'
import {
  type Codec,
  hash,
  identityId,
  literal,
  oneOf,
  optional,
  record,
  signature,
  toBytes,
  uint,
} from './canonical.ts'
import { TAG } from './tags.ts'

/** How far ahead a signed read may expire: how long a node remembers the ones it has seen. */
export const SIGNED_READ_WINDOW_MS = 600_000
/** Why somebody reads: their own data, an institution's review, a regulator's oversight. As in contract `audit`. */
export const READ_REASONS = ['ownData', 'review', 'oversight'] as const
export type ReadReason = (typeof READ_REASONS)[number]

/** Half-open interval of block times in ms UTC. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

export interface SignedReadBody {
  readonly version: 1
  readonly chainId: Hash
  readonly reader: IdentityId
  /** Number of the reader's signing key in the registry. */
  readonly keyId: number
  /** The patient (or institution) that is read about; null for the whole log, which members alone may read. */
  readonly subject: IdentityId | null
  readonly reason: ReadReason
  /** Block times that the answer may cover; null for all. */
  readonly range: TimeRange | null
  /** 32 random bytes: a signed read is good for one answer, on one node. */
  readonly nonce: Hash
  readonly expiresAtMs: number
}

export interface SignedRead extends SignedReadBody {
  /** Of the reader's signing key over `signedReadMessage`. */
  readonly signature: Uint8Array
}

const bodyFields = {
  version: literal(1),
  chainId: hash,
  reader: identityId,
  keyId: uint,
  subject: optional(identityId),
  reason: oneOf(...READ_REASONS),
  range: optional(record<TimeRange>({ fromMs: uint, toMs: uint })),
  nonce: hash,
  expiresAtMs: uint,
} as const

export const signedReadBodyCodec: Codec<SignedReadBody> = record<SignedReadBody>(bodyFields)
export const signedReadCodec: Codec<SignedRead> = record<SignedRead>({ ...bodyFields, signature })

/** What the reader signs. */
export function signedReadMessage(body: SignedReadBody): Uint8Array {
  return taggedBytes(TAG.signedRead, toBytes(signedReadBodyCodec, body))
}

export function signRead(body: SignedReadBody, sign: (message: Uint8Array) => Uint8Array): SignedRead {
  return { ...body, signature: sign(signedReadMessage(body)) }
}

/** Is it signed by this key? Whose key it is, and whether the reader is entitled, is for the registry to say. */
export function verifySignedRead(
  read: SignedRead,
  key: {
    readonly publicKey: PublicKey
    readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  },
): boolean {
  return key.verify(Uint8Array.fromHex(key.publicKey), signedReadMessage(read), read.signature)
}
