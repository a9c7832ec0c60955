// May this node sign? What standing, status, log and metrics say about it comes from here.

import type { DurableNote } from '../ledger/durable-note.ts'
import type { SignStateFile } from '../ledger/sign-state-file.ts'
import type { SignStateRefusal } from '../ledger/sign-state-refusal.ts'

/** What the sign-state gives a node at its start. */
export type SigningRight =
  /** Observers have nothing to sign. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'granted'
      readonly file: SignStateFile
      /** Of the other validators' starts (hello/heard-starts.ts). */
      readonly heard: DurableNote
    }
  /** A validator that only follows. */
  | { readonly kind: 'refused'; readonly refusal: SignStateRefusal }

export type GrantedRight = Extract<SigningRight, { kind: 'granted' }>

/**
 * none: an observer. unseated: a validator that follows, without a seat, or until it has caught up. greeting: waits until enough members have said what they know of this validator. signing.
 * refused: follows, and signs nothing any more.
 */
export type Signing =
  | { readonly kind: 'none' }
  | { readonly kind: 'unseated'; readonly reason: Unseated }
  | { readonly kind: 'greeting' }
  | { readonly kind: 'signing' }
  | { readonly kind: 'refused'; readonly refusal: SignStateRefusal }

/** KEY_MISSING: the institution has a seat, and the key file has not its key. */
export type Unseated = 'NO_SEAT' | 'KEY_MISSING' | 'CATCHING_UP'

export const UNSEATED_TEXT: Readonly<Record<Unseated, string>> = {
  NO_SEAT: 'no consensus key of this node has a seat: it follows until the institutions give it one',
  KEY_MISSING:
    'the seat of this institution is of a key that is not in the key file: put it there, or propose a new one',
  CATCHING_UP: 'it has a seat, and signs as soon as no peer has more of the chain',
}
