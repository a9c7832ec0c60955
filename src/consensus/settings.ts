// What a core is told once: who it is, among whom, on which chain, and the two ports it needs.

import type { Epoch, Hash, Seat } from '../types/brand.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import type { Verifier } from './certificate.ts'
import type { Timing } from './limits.ts'

export interface Settings extends Pick<Verifier, 'chainId' | 'verify'> {
  readonly chainId: Hash
  /** Sets of the epochs that the certified chain had reached when this core started; later ones are in the state. */
  readonly restoredSetOf: (epoch: Epoch) => ValidatorSet | undefined
  /** This validator: one consensus key. */
  readonly self: Seat
  /** Signs a tagged message with this validator's consensus key: 64 bytes. Pure: one message, one signature. */
  readonly sign: (message: Uint8Array) => Uint8Array
  readonly timing: Timing
}
