// Who sits where: from seats, which consensus speaks of, to institutions and their nodes, and back. Both ends change while
// the node runs: the set with every epoch, transport keys with the registry, where two of a node may be valid at once.

import type { Ledger } from '../ledger/ledger.ts'
import type { Transport } from '../p2p/transport.ts'
import type { Epoch, IdentityId, PublicKey, Seat } from '../types/brand.ts'
import type { Membership } from './membership.ts'

/** Who left the set longer ago than this is not known by its seat any more. Opening a ledger stays cheap. */
const EPOCHS_BACK = 100

export interface SeatsParts {
  readonly ledger: Pick<Ledger, 'epoch' | 'setOf' | 'validators'>
  readonly membership: Pick<Membership, 'institutionOf' | 'transportKeysOf'>
  readonly transport: Pick<Transport, 'connectedPeers'>
}

export class Seats {
  readonly #parts: SeatsParts
  /** The latest seat of every institution, and whose each seat is or was. */
  readonly #seatOf = new Map<IdentityId, Seat>()
  readonly #institutionOf = new Map<Seat, IdentityId>()
  #present: ReadonlySet<IdentityId> = new Set()
  /** Read up to this epoch. */
  #epoch = -1

  constructor(parts: SeatsParts) {
    this.#parts = parts
  }

  /** Of the institution of a peer, in the present set or else the last one that it sat in. Null: it never validated. */
  seatOf(peer: PublicKey): Seat | null {
    this.#readOn()
    const institution = this.#parts.membership.institutionOf(peer)
    return institution === null ? null : (this.#seatOf.get(institution) ?? null)
  }

  /** Of the institution of a peer in the present set. */
  presentSeatOf(peer: PublicKey): Seat | null {
    this.#readOn()
    const institution = this.#parts.membership.institutionOf(peer)
    return institution !== null && this.#present.has(institution) ? this.seatOf(peer) : null
  }

  institutionOf(seat: Seat): IdentityId | null {
    this.#readOn()
    return this.#institutionOf.get(seat) ?? null
  }

  /** The node behind a seat: the connected one, else any that is registered; null where the institution has none left. */
  peerOf(seat: Seat): PublicKey | null {
    const { membership, transport } = this.#parts
    const institution = this.institutionOf(seat)
    const keys = institution === null ? [] : membership.transportKeysOf(institution)
    if (keys.length <= 1) return keys[0] ?? null
    const connected = new Set(transport.connectedPeers())
    return keys.find((key) => connected.has(key)) ?? keys[0] ?? null
  }

  #readOn(): void {
    const { ledger } = this.#parts
    if (ledger.epoch === this.#epoch) return
    for (let at = Math.max(this.#epoch + 1, ledger.epoch - EPOCHS_BACK); at <= ledger.epoch; at++) {
      for (const { seat, institution } of ledger.setOf(at as Epoch)?.members ?? []) {
        this.#seatOf.set(institution, seat)
        this.#institutionOf.set(seat, institution)
      }
    }
    this.#epoch = ledger.epoch
    this.#present = new Set(ledger.validators.members.map(({ institution }) => institution))
  }
}
