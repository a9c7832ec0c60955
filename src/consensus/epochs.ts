// Validator sets by epoch. The present epoch is that of the block after the certified head: nothing but a certified block
// moves it on, so no set counts because somebody appended it (spec/consensus.md, "Membership").

import { assert } from '../types/assert.ts'
import type { Epoch, Seat } from '../types/brand.ts'
import { memberAt, type ValidatorSet } from '../types/validator-set.ts'
import type { Verifier } from './certificate.ts'
import type { State } from './state.ts'

/** The set of an epoch that the certified chain has reached. */
export function setOf({ epochs, settings }: State, epoch: Epoch): ValidatorSet | undefined {
  return epochs.get(epoch) ?? settings.restoredSetOf(epoch)
}

/** Who votes, and who acks the next block. */
export function presentSet(state: State): ValidatorSet {
  const set = setOf(state, state.epoch)
  assert(set !== undefined, 'the set of the present epoch is known')
  return set
}

/** What certificates and headers are checked against: each with the set of its own epoch. */
export function verifierOf(state: State): Verifier {
  const { chainId, verify } = state.settings
  return { chainId, verify, setOf: (epoch) => setOf(state, epoch) }
}

/** Every present validator but this one, ascending. */
export function peersOf(state: State): Seat[] {
  return presentSet(state)
    .members.map(({ seat }) => seat)
    .filter((seat) => seat !== state.settings.self)
}

/** Has this seat a voice in the epoch? */
export function isSeated(state: State, { seat, epoch }: { seat: Seat; epoch: Epoch }): boolean {
  const set = setOf(state, epoch)
  return set !== undefined && memberAt(set, seat) !== undefined
}

/** Has the epoch given the validator of `former` this new seat? */
export function hasReplaced(state: State, { seat, former }: { seat: Seat; former: Seat | null }): boolean {
  const before = state.epoch > 0 ? setOf(state, (state.epoch - 1) as Epoch) : undefined
  const old = before && former !== null ? memberAt(before, former) : undefined
  return old !== undefined && memberAt(presentSet(state), seat)?.institution === old.institution && seat !== former
}
