// Which protocol versions the validators' programs know, as their status gossip says: an operator looks here before the
// institutions raise the version. Nobody's word on it decides anything. spec/ledger.md, "Versions".

import type { IdentityId, PublicKey } from '../types/brand.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import type { Clock } from './clock.ts'

/** Whoever was silent for longer may run something else by now. */
const SILENT_MS = 15_000

export interface AnnouncedVersions {
  readonly institution: IdentityId
  /** Null: not heard lately. */
  readonly versions: readonly number[] | null
}

export class VersionSupport {
  readonly #validators: ValidatorSet
  readonly #clock: Clock
  readonly #heard = new Map<PublicKey, { readonly atMs: number; readonly versions: readonly number[] }>()

  constructor({ validators, clock }: { validators: ValidatorSet; clock: Clock }) {
    this.#validators = validators
    this.#clock = clock
  }

  /** From a validator, by its transport key. */
  heard(transportKey: PublicKey, versions: readonly number[]): void {
    this.#heard.set(transportKey, { atMs: this.#clock.nowMs(), versions })
  }

  /** Of every validator, in the order of the set. */
  announced(): readonly AnnouncedVersions[] {
    const sinceMs = this.#clock.nowMs() - SILENT_MS
    return this.#validators.members.map(({ institution, transportKey }) => {
      const heard = this.#heard.get(transportKey)
      return { institution, versions: heard === undefined || heard.atMs < sinceMs ? null : heard.versions }
    })
  }
}
