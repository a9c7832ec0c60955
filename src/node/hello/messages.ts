// What two validators say to each other on a new connection, before any message of consensus (spec/consensus.md,
// section 5). Same stream, so that the order is kept.

import { type SignedStatement, signedStatementCodec } from '../../consensus/own-statements.ts'
import { taggedBytes } from '../../crypto/hash.ts'
import type { Hash, Seat } from '../../types/brand.ts'
import {
  boolean,
  type Codec,
  fromBytes,
  hash,
  list,
  optional,
  record,
  seat,
  signature,
  text,
  toBytes,
  uint,
  union,
} from '../../types/canonical.ts'
import { Reader, Writer } from '../../types/canonical-bytes.ts'
import type { Sign } from '../../types/signing.ts'
import { TAG } from '../../types/tags.ts'

/** "This start of mine is the one that speaks." */
export interface Hello {
  readonly chainId: Hash
  readonly seat: Seat
  /** How often this validator has started. */
  readonly incarnation: number
  /** Random, of this start: 32 hex digits. */
  readonly session: string
}

export interface SignedHello {
  readonly hello: Hello
  /** By the consensus key: nobody can make a rival up. */
  readonly signature: Uint8Array
}

/** What the sender knows of the receiver. */
export interface Known {
  readonly kind: 'known'
  /** The latest start that the sender has accepted. */
  readonly latest: SignedHello | null
  /** The receiver's latest statements. */
  readonly statements: readonly SignedStatement[]
  /** The sender begins with the receiver anew, and wants to hear all of this from it, too. */
  readonly asks: boolean
}

export type HelloMessage =
  | Known
  | ({ readonly kind: 'hello' } & SignedHello)
  /** The sender listens to this session, and to no earlier start, from now on and after its own restarts. */
  | { readonly kind: 'welcome'; readonly session: string }
  /** The sender knows a later start of the receiver. */
  | ({ readonly kind: 'rival' } & SignedHello)

const session = text(32, { pattern: /^[0-9a-f]{32}$/, expected: '32 lowercase hex characters' })
const helloCodec: Codec<Hello> = record<Hello>({ chainId: hash, seat, incarnation: uint, session })
export const signedHelloCodec: Codec<SignedHello> = record<SignedHello>({ hello: helloCodec, signature })

/** One of each kind, and room for another one. */
const STATEMENTS_MAX = 8

const codec: Codec<HelloMessage> = union<HelloMessage>({
  known: record<Omit<Known, 'kind'>>({
    latest: optional(signedHelloCodec),
    statements: list(signedStatementCodec, STATEMENTS_MAX),
    asks: boolean,
  }),
  hello: signedHelloCodec,
  welcome: record({ session }),
  rival: signedHelloCodec,
})

/** How a message of each kind begins: every message of consensus is held against them. */
const OPENINGS = (['known', 'hello', 'welcome', 'rival'] satisfies HelloMessage['kind'][]).map((kind) => {
  const writer = new Writer()
  writer.list(2)
  writer.text(kind)
  return writer.finish()
})

/** Is it one of these, and not a message of consensus? Looks at the kind only; never throws. */
export function isHelloMessage(encoded: Uint8Array): boolean {
  const reader = new Reader(encoded)
  return OPENINGS.some((opening) => reader.skips(opening))
}

export const encodeHelloMessage = (message: HelloMessage): Uint8Array => toBytes(codec, message)
/** Shape and bounds. Throws DecodeError with the path of the field. */
export const decodeHelloMessage = (encoded: Uint8Array): HelloMessage => fromBytes(codec, encoded)

export const helloMessage = (hello: Hello): Uint8Array => taggedBytes(TAG.hello, toBytes(helloCodec, hello))

export function signHello(hello: Hello, sign: Sign): SignedHello {
  return { hello, signature: sign(helloMessage(hello)) }
}

/**
 * Does `known` forbid `start` to speak? A start that is counted alike, in another session, is one too many: both come from
 * one sign-state, and one of them from a copy or from the past.
 */
export function isRivalOf(known: Hello, start: Hello): boolean {
  return known.session !== start.session && known.incarnation >= start.incarnation
}
