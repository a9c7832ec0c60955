// A key that took over a seat is bound by what its validator signed under the keys before: the votes and the last ack go over,
// else the quorums of two epochs would not overlap in it. It holds whichever way the key is taken up: at the boundary, by a node
// that only followed then, or at a later start. spec/consensus.md, "Membership".

import type { Ledger } from '../ledger/ledger.ts'
import type { SignedUnder, SignStateFile } from '../ledger/sign-state-file.ts'
import { ofFormerKey, type SignStateRefusal } from '../ledger/sign-state-refusal.ts'
import type { Epoch, PublicKey } from '../types/brand.ts'
import { validatorsOf } from '../types/validator-set.ts'

export interface Inheritance {
  readonly ledger: Pick<Ledger, 'genesis' | 'epoch' | 'setOf'>
  readonly key: PublicKey
  /** What was signed under a key that had the seat before. */
  readonly signedUnder: (former: PublicKey) => Promise<SignedUnder>
}

/** Before a seat's key signs for the first time. The latest of the former keys that has signed anything covers those before it. */
export async function inheritSignState(
  file: SignStateFile,
  { ledger, key, signedUnder }: Inheritance,
): Promise<SignStateRefusal | null> {
  if (file.content !== undefined) return null
  for (const former of formerKeysOf(ledger, key)) {
    const signed = await signedUnder(former)
    if (signed.kind === 'refused') return ofFormerKey(signed.refusal)
    if (signed.content !== undefined) {
      await file.write(signed.content)
      return null
    }
  }
  return null
}

/** Of the same institution, epoch after epoch without a gap, the latest first. Who has left and come back owes nothing. */
export function formerKeysOf(ledger: Inheritance['ledger'], key: PublicKey): PublicKey[] {
  const first = validatorsOf(ledger.genesis).epoch
  const former: PublicKey[] = []
  let holder = ledger.setOf(ledger.epoch)?.members.find(({ consensusKey }) => consensusKey === key)
  for (let epoch = ledger.epoch - 1; holder !== undefined && epoch >= first; epoch--) {
    const { institution, consensusKey } = holder
    holder = ledger.setOf(epoch as Epoch)?.members.find((member) => member.institution === institution)
    if (holder !== undefined && holder.consensusKey !== consensusKey) former.push(holder.consensusKey)
  }
  return former
}
