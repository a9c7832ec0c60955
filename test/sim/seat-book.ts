// Who speaks by which seat: every set that the certified chain has reached, and from seats, which statements name, back to the
// members of the simulation, which go on whatever seats they get and lose.

import type { Ledger } from '../../src/ledger/ledger.ts'
import type { Epoch, IdentityId, PublicKey, Seat } from '../../src/types/brand.ts'
import type { ValidatorSet } from '../../src/types/validator-set.ts'
import type { Consortium } from './consortium.ts'

export class SeatBook {
  readonly #memberOf: ReadonlyMap<IdentityId, Seat>
  readonly #bySeat = new Map<Seat, Seat>()
  readonly #sets: ValidatorSet[] = []

  constructor({ nodes, validators }: Consortium) {
    this.#memberOf = new Map(nodes.map(({ institution }, number) => [institution, number as Seat]))
    this.#enter(validators)
  }

  /** The latest one that anybody has reached. */
  get present(): ValidatorSet {
    return this.#sets.at(-1) as ValidatorSet
  }

  setOf(epoch: Epoch): ValidatorSet | undefined {
    return this.#sets[epoch]
  }

  /** From a node that may have come further than all before. */
  learn(ledger: Pick<Ledger, 'epoch' | 'setOf'>): void {
    while (this.#sets.length <= ledger.epoch) {
      const set = ledger.setOf(this.#sets.length as Epoch)
      if (set === undefined) return
      this.#enter(set)
    }
  }

  /** The number of the member whose seat this is or was. */
  memberOf(seat: Seat): Seat | undefined {
    return this.#bySeat.get(seat)
  }

  /** The present seat of a member; undefined while it has none. */
  seatOf(member: Seat): Seat | undefined {
    return this.present.members.find(({ seat }) => this.#bySeat.get(seat) === member)?.seat
  }

  hadSeat(member: Seat): boolean {
    return [...this.#bySeat.values()].includes(member)
  }

  /**
   * Is this key the first of a new voice: of a member that was in no set just before? Then nothing that it signed under other
   * keys binds it. Where the key took over from another one, everything does.
   */
  isNewVoice(key: PublicKey): boolean {
    const holds = ({ members }: ValidatorSet): boolean => members.some(({ consensusKey }) => consensusKey === key)
    const first = this.#sets.find(holds)
    const institution = first?.members.find(({ consensusKey }) => consensusKey === key)?.institution
    const before = first && this.#sets[first.epoch - 1]
    return before !== undefined && !before.members.some((member) => member.institution === institution)
  }

  #enter(set: ValidatorSet): void {
    this.#sets.push(set)
    for (const { seat, institution } of set.members) {
      const member = this.#memberOf.get(institution)
      if (member !== undefined) this.#bySeat.set(seat, member)
    }
  }
}
