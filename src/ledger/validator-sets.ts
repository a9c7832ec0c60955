// Validator sets by epoch, as the registry's state has them. The entry of an epoch is written once and stays, so the state
// at the head holds every set that ever was, and opening a ledger reads one of them. spec/ledger.md, "Validator sets".

import { assert } from '../types/assert.ts'
import type { Epoch } from '../types/brand.ts'
import type { Genesis } from '../types/genesis.ts'
import { type NextSet, type ValidatorSet, validatorsOf } from '../types/validator-set.ts'
import { decodeSetEntry, setEntryKey } from '../types/validator-set-entry.ts'
import { type ByteString, toByteString } from './byte-string.ts'
import type { StateDiff, StoredState } from './state-version.ts'

const keyOf = (epoch: number): ByteString => toByteString(setEntryKey(epoch))

/** The set of the epoch after the block's, where the state after it holds one: written by the block, or pending before. */
export function nextSetAfter(
  diff: StateDiff,
  { epoch, parent }: { epoch: Epoch; parent: { readonly epoch: Epoch; readonly nextSet: NextSet | null } },
): NextSet | null {
  const written = diff.get(keyOf(epoch + 1))
  if (written !== undefined) return decodeSetEntry(written, epoch + 1)
  return epoch === parent.epoch ? parent.nextSet : null
}

/** Of the certified chain. */
export class ValidatorSets {
  private readonly state: StoredState
  private readonly known = new Map<Epoch, ValidatorSet>()

  constructor({ genesis, state }: { genesis: Genesis; state: StoredState }) {
    this.state = state
    const founders = validatorsOf(genesis)
    this.known.set(founders.epoch, founders)
  }

  /** The caller knows that the chain has come that far. */
  of(epoch: Epoch): ValidatorSet {
    const set = this.known.get(epoch) ?? this.read(epoch)
    assert(set !== null, `the state holds the validators of epoch ${epoch}`)
    this.known.set(epoch, set)
    return set
  }

  /** At the head, whose block is of this epoch. */
  pendingAfter(epoch: Epoch): NextSet | null {
    return this.read((epoch + 1) as Epoch)
  }

  private read(epoch: Epoch): NextSet | null {
    const entry = this.state.get(keyOf(epoch))
    return entry === undefined ? null : decodeSetEntry(entry, epoch)
  }
}
