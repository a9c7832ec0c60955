// Where the contract `validators` keeps the set of an epoch, and how: `sets: map<int, ValidatorSet>`, one whole entry for
// each epoch, never written again. Read as bytes, without running the contract: by the ledger after every block that wrote
// one, and by whoever checks a receipt of a later epoch from the genesis alone. spec/contracts.md, "validators".

import { epoch, fromBytes, height, identityId, list, optional, publicKey, seat, tuple, uint } from './canonical.ts'
import { DecodeError } from './canonical-bytes.ts'
import { VALIDATORS_MAX } from './limits.ts'
import { isValidatorSet, type NextSet } from './validator-set.ts'

/** Contract, state, and the integer that is the key. spec/clause.md, "State in bytes". */
const PREFIX = new TextEncoder().encode('validators\0sets\0')

/** Key of the state entry that holds the set of this epoch. */
export function setEntryKey(epoch: number): Uint8Array {
  const key = new Uint8Array(PREFIX.length + 8)
  key.set(PREFIX)
  // Integers are ordered with their sign: 2^63 is added.
  new DataView(key.buffer).setBigInt64(PREFIX.length, BigInt(epoch) ^ (-1n << 63n))
  return key
}

// A record is the list of its fields.
const memberCodec = tuple(seat, identityId, publicKey, publicKey)
const entryCodec = tuple(epoch, uint, list(memberCodec, VALIDATORS_MAX), height, uint, optional(uint))

/** Throws DecodeError unless the bytes hold the set of this epoch, and one that can certify. */
export function decodeSetEntry(entry: Uint8Array, expected: number): NextSet {
  const [epoch, b, members, decidedAt] = fromBytes(entryCodec, entry)
  const set: NextSet = {
    epoch,
    b,
    decidedAt,
    members: members.map(([seat, institution, consensusKey, governanceKey]) => ({
      seat,
      institution,
      consensusKey,
      governanceKey,
    })),
  }
  if (epoch !== expected) throw new DecodeError(`expected the set of epoch ${expected}`, '[0]')
  if (!isValidatorSet(set)) throw new DecodeError('expected ascending seats and a quorum among them')
  return set
}
