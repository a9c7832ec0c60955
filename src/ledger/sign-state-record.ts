// What stands in a slot of the sign-state file: whose it is, where, since how many starts, whether it is in service, and
// what was signed. One record, one write: none of it is ever without the rest.

import type { PublicKey } from '../types/brand.ts'
import {
  bytes,
  type Codec,
  fromBytes,
  optional,
  publicKey,
  record,
  text,
  toBytes,
  uint,
  union,
} from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { type Place, placeCodec } from './file-place.ts'
import type { SignStateRefusal, SignStateRefusalCode } from './sign-state-refusal.ts'

export interface SignStateRecord {
  readonly key: PublicKey
  /** Where the file was made. */
  readonly place: Place
  readonly incarnation: number
  readonly status: SignStateStatus
  /** Null before anything was signed. */
  readonly content: Uint8Array | null
}

export type SignStateStatus =
  | { readonly kind: 'serving' }
  /** Made for a move: takes the one handover that names this ticket. */
  | { readonly kind: 'awaiting'; readonly ticket: string }
  /** Retired for good; the ticket's holder goes on. */
  | { readonly kind: 'moved'; readonly ticket: string; readonly to: string }
  | { readonly kind: 'silenced'; readonly refusal: SignStateRefusal }

/** A statement of every kind, with room to grow. */
export const SIGN_STATE_BYTES_MAX = 4_096
/** A path, or a reason. */
const NOTE_CHARACTERS_MAX = 700
const NOTE_BYTES_MAX = 3 * NOTE_CHARACTERS_MAX + 3

export const ticketCodec = text(32, { pattern: /^[0-9a-f]{32}$/, expected: '32 lowercase hex characters' })
const note = text(NOTE_BYTES_MAX)
const refusalCodec = record<SignStateRefusal>({ code: text(64) as Codec<SignStateRefusalCode>, text: note })

const codec: Codec<SignStateRecord> = record<SignStateRecord>({
  key: publicKey,
  place: placeCodec,
  incarnation: uint,
  status: union<SignStateStatus>({
    serving: record<object>({}),
    awaiting: record({ ticket: ticketCodec }),
    moved: record({ ticket: ticketCodec, to: note }),
    silenced: record({ refusal: refusalCodec }),
  }),
  content: optional(bytes(SIGN_STATE_BYTES_MAX)),
})

/** Paths and reasons come from outside: what is cut here could not be read back. */
export function clip(words: string): string {
  return words.length <= NOTE_CHARACTERS_MAX ? words : `${words.slice(0, NOTE_CHARACTERS_MAX)}...`
}

export const encodeSignStateRecord = (signState: SignStateRecord): Uint8Array => toBytes(codec, signState)

/** Null for bytes that are no such record. */
export function decodeSignStateRecord(encoded: Uint8Array): SignStateRecord | null {
  try {
    return fromBytes(codec, encoded)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}
