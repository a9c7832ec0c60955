// Who signs, and who does not: over the certificates that this node committed by. One certificate says little, for it is
// made as soon as q have signed; a validator that is missing from all of them is silent, cut off, or does not sign.

import type { Seat } from '../types/brand.ts'
import type { CommitCert } from '../types/certificate.ts'
import type { ValidatorSet } from '../types/validator-set.ts'

const WINDOW = 100

export class SignatureTally {
  /** Of the latest certificates, oldest first. */
  readonly #latest: { readonly asked: readonly Seat[]; readonly signed: ReadonlySet<Seat> }[] = []
  /** Since start: certificates without the signature of a member of their epoch. */
  readonly missing = new Map<Seat, number>()
  certificates = 0

  /** `set`: of the certificate's epoch. */
  certified({ signatures }: Pick<CommitCert, 'signatures'>, set: ValidatorSet): void {
    const asked = set.members.map(({ seat }) => seat)
    const signed = new Set(signatures.map(({ member }) => member))
    this.#latest.push({ asked, signed })
    if (this.#latest.length > WINDOW) this.#latest.shift()
    this.certificates++
    for (const seat of asked) {
      if (!signed.has(seat)) this.missing.set(seat, (this.missing.get(seat) ?? 0) + 1)
    }
  }

  /** In the latest certificates that it could sign. */
  of(seat: Seat): { readonly signed: number; readonly of: number } {
    const asked = this.#latest.filter((certificate) => certificate.asked.includes(seat))
    return { signed: asked.filter(({ signed }) => signed.has(seat)).length, of: asked.length }
  }
}
