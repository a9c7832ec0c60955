// A key that took over a seat is bound by what its validator signed under the keys before: the votes and the last ack go over,
// else the quorums of two epochs would not overlap in it. It holds whichever way the key is taken up: at the boundary, by a node
// that only followed then, or at a later start. spec/consensus.md, "Membership".

import { decodeSignState, EMPTY_SIGN_STATE, encodeSignState, type SignState } from '../consensus/sign-state.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SignedUnder, SignStateFile } from '../ledger/sign-state-file.ts'
import { behind, ofFormerKey, type SignStateRefusal } from '../ledger/sign-state-refusal.ts'
import type { Epoch, PublicKey, Seat } from '../types/brand.ts'
import { validatorsOf } from '../types/validator-set.ts'
import type { Coverage } from './own-chain.ts'

export interface Inheritance {
  readonly ledger: Pick<Ledger, 'genesis' | 'epoch' | 'setOf'>
  readonly key: PublicKey
  /** What was signed under a key that had the seat before. */
  readonly signedUnder: (former: PublicKey) => Promise<SignedUnder>
}

/** What the institution had before its present seat, with a key of its own. */
export interface FormerSeat {
  readonly seat: Seat
  readonly key: PublicKey
  /** There was no other validator when it ended. */
  readonly isAlone: boolean
}

/**
 * Before a seat's key signs for the first time. The latest of the former keys that has signed anything covers those before it.
 * A former sign-state that does not cover what the own ledger shows of its seat is an old one: the key is silenced for good.
 */
export async function inheritSignState(
  file: SignStateFile,
  { coverage, ...inheritance }: Inheritance & { readonly coverage: (of: SignState, seat: FormerSeat) => Coverage },
): Promise<SignStateRefusal | null> {
  if (file.content !== undefined) return null
  for (const former of formerSeatsOf(inheritance)) {
    const signed = await inheritance.signedUnder(former.key)
    if (signed.kind === 'refused') return ofFormerKey(signed.refusal)
    const signState = signed.content === undefined ? EMPTY_SIGN_STATE : decodeSignState(signed.content)
    const covered = coverage(signState, former)
    if (covered.kind === 'beyond') {
      const refusal = ofFormerKey(behind(covered.what))
      await file.silence(refusal)
      return refusal
    }
    if (covered.signState === EMPTY_SIGN_STATE) continue
    await file.write(encodeSignState(covered.signState))
    return null
  }
  return null
}

/** Of the same institution, epoch after epoch without a gap, the latest first. Who has left and come back owes nothing. */
export function formerSeatsOf({ ledger, key }: Pick<Inheritance, 'ledger' | 'key'>): FormerSeat[] {
  const first = validatorsOf(ledger.genesis).epoch
  const former: FormerSeat[] = []
  let holder = ledger.setOf(ledger.epoch)?.members.find(({ consensusKey }) => consensusKey === key)
  for (let epoch = ledger.epoch - 1; holder !== undefined && epoch >= first; epoch--) {
    const { institution, consensusKey } = holder
    const set = ledger.setOf(epoch as Epoch)
    holder = set?.members.find((member) => member.institution === institution)
    if (holder === undefined || holder.consensusKey === consensusKey) continue
    former.push({ seat: holder.seat, key: holder.consensusKey, isAlone: set?.members.length === 1 })
  }
  return former
}
