// What a core is told once: who it is, among whom, on which chain, and the two ports it needs.

import type { Hash, Seat } from '../types/brand.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import type { Verifier } from './certificate.ts'
import type { Timing } from './limits.ts'

export interface Settings extends Verifier {
  readonly chainId: Hash
  /** Of the present epoch. */
  readonly set: ValidatorSet
  /** This validator's place in `set`. */
  readonly self: Seat
  /** Signs a tagged message with this validator's consensus key: 64 bytes. Pure: one message, one signature. */
  readonly sign: (message: Uint8Array) => Uint8Array
  readonly timing: Timing
}
