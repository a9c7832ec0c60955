// Who signs in an epoch, and how many of them a certificate takes. spec/consensus.md, "Quorum".

import { assert } from './assert.ts'
import type { Epoch, IdentityId, MemberIndex, PublicKey } from './brand.ts'
import { type Codec, epoch, identityId, list, publicKey, record, uint } from './canonical.ts'
import type { Genesis } from './genesis.ts'
import { VALIDATORS_MAX } from './limits.ts'

export interface Validator {
  readonly institution: IdentityId
  readonly consensusKey: PublicKey
  readonly transportKey: PublicKey
}

export interface ValidatorSet {
  readonly epoch: Epoch
  /** Liars that must not be able to fork the chain. */
  readonly b: number
  readonly members: readonly Validator[]
}

export const validatorCodec: Codec<Validator> = record<Validator>({
  institution: identityId,
  consensusKey: publicKey,
  transportKey: publicKey,
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

export function memberAt(set: ValidatorSet, index: MemberIndex): Validator | undefined {
  return set.members[index]
}

export function memberIndexOf(set: ValidatorSet, consensusKey: PublicKey): MemberIndex | undefined {
  const index = set.members.findIndex((member) => member.consensusKey === consensusKey)
  return index < 0 ? undefined : (index as MemberIndex)
}

/** Epoch 0: the founders that run a validator, in the order of the genesis. */
export function validatorsOf(genesis: Genesis): ValidatorSet {
  const members = genesis.founders.flatMap(({ institution, consensusKey, transportKey }) =>
    consensusKey === null ? [] : [{ institution, consensusKey, transportKey }],
  )
  return { epoch: 0 as Epoch, b: genesis.b, members }
}
