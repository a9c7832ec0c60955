// Who signs in an epoch, and how many of them a certificate takes. spec/consensus.md, "Quorum".

import { assert } from './assert.ts'
import type { Epoch, Height, IdentityId, PublicKey, Seat } from './brand.ts'
import { type Codec, epoch, identityId, list, publicKey, record, seat, uint } from './canonical.ts'
import type { Genesis } from './genesis.ts'
import { VALIDATORS_MAX } from './limits.ts'

/** Its transport keys stand in the registry: they change without a change of the set. */
export interface Validator {
  readonly seat: Seat
  readonly institution: IdentityId
  readonly consensusKey: PublicKey
  /** Signing key of the institution, as it was when the seat was given: for Releases that people decide. */
  readonly governanceKey: PublicKey
}

export interface ValidatorSet {
  readonly epoch: Epoch
  /** Liars that must not be able to fork the chain. */
  readonly b: number
  /** Ascending by seat. Seats that others have left stay empty for ever. */
  readonly members: readonly Validator[]
}

/** Decided, and not in force before a certificate covers the block that decided it. */
export interface NextSet extends ValidatorSet {
  /** Height of that block. */
  readonly decidedAt: Height
}

export const validatorCodec: Codec<Validator> = record<Validator>({
  seat,
  institution: identityId,
  consensusKey: publicKey,
  governanceKey: publicKey,
})

export const validatorSetCodec: Codec<ValidatorSet> = record<ValidatorSet>({
  epoch,
  b: uint,
  members: list(validatorCodec, VALIDATORS_MAX),
})

/** Genesis default for b. */
export const defaultLiars = (n: number): number => Math.floor((n - 1) / 3)

/** Signatures in a certificate: q = ceil((n + b + 1) / 2). */
export function quorum(set: Pick<ValidatorSet, 'b' | 'members'>): number {
  const q = Math.ceil((set.members.length + set.b + 1) / 2)
  assert(q >= 1 && q <= set.members.length, `quorum ${q} of ${set.members.length} members`)
  return q
}

/** Can its members make certificates that q of them sign, and no other way? */
export function isValidatorSet({ b, members }: ValidatorSet): boolean {
  const isAscending = members.every(({ seat }, i) => i === 0 || (members[i - 1] as Validator).seat < seat)
  return members.length > 0 && isAscending && b < members.length
}

export function memberAt(set: ValidatorSet, seat: Seat): Validator | undefined {
  // Until somebody leaves, a seat is a position.
  const { members } = set
  return members[seat]?.seat === seat ? members[seat] : members.find((member) => member.seat === seat)
}

export function seatOf(set: ValidatorSet, consensusKey: PublicKey): Seat | undefined {
  return set.members.find((member) => member.consensusKey === consensusKey)?.seat
}

/**
 * Of block 0. Epoch 0: the founders that run a validator, in the order of the genesis; after a recovery, those of the chain
 * before that are left, with their seats.
 */
export function validatorsOf(genesis: Genesis): ValidatorSet {
  if (genesis.predecessor) return genesis.predecessor.validators
  const members = genesis.founders
    .flatMap(({ institution, consensusKey, signingKey: governanceKey }) =>
      consensusKey === null ? [] : [{ institution, consensusKey, governanceKey }],
    )
    .map((member, i) => ({ seat: i as Seat, ...member }))
  return { epoch: 0 as Epoch, b: genesis.b, members }
}

/** Of a chain whose validators never changed. */
export function onlyEpoch(set: ValidatorSet): (epoch: Epoch) => ValidatorSet | undefined {
  return (epoch) => (epoch === set.epoch ? set : undefined)
}
