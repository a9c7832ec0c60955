// Which protocol versions the validators' programs know, as their status gossip says: an operator looks here before the
// institutions raise the version. Nobody's word on it decides anything. spec/ledger.md, "Versions".

import type { Ledger } from '../ledger/ledger.ts'
import type { IdentityId, Seat } from '../types/brand.ts'
import type { Clock } from './clock.ts'

/** Whoever was silent for longer may run something else by now. */
const SILENT_MS = 15_000

export interface AnnouncedVersions {
  readonly institution: IdentityId
  /** Null: not heard lately. */
  readonly versions: readonly number[] | null
}

export class VersionSupport {
  readonly #ledger: Pick<Ledger, 'validators'>
  readonly #clock: Clock
  readonly #heard = new Map<Seat, { readonly atMs: number; readonly versions: readonly number[] }>()

  constructor({ ledger, clock }: { ledger: Pick<Ledger, 'validators'>; clock: Clock }) {
    this.#ledger = ledger
    this.#clock = clock
  }

  heard(validator: Seat, versions: readonly number[]): void {
    this.#heard.set(validator, { atMs: this.#clock.nowMs(), versions })
  }

  /** Of every present validator, in the order of the set. */
  announced(): readonly AnnouncedVersions[] {
    const sinceMs = this.#clock.nowMs() - SILENT_MS
    return this.#ledger.validators.members.map(({ institution, seat }) => {
      const heard = this.#heard.get(seat)
      return { institution, versions: heard === undefined || heard.atMs < sinceMs ? null : heard.versions }
    })
  }
}
