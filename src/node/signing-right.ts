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
 * none: an observer. greeting: waits until enough members have said what they know of this validator. signing.
 * refused: follows, and signs nothing any more.
 */
export type Signing =
  | { readonly kind: 'none' }
  | { readonly kind: 'greeting' }
  | { readonly kind: 'signing' }
  | { readonly kind: 'refused'; readonly refusal: SignStateRefusal }
