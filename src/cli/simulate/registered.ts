// The Consents on the simulated chain: which of those given each is, and the data limits that a custodian's vault would keep.

import type { ConsentIntent } from '../../fhir/consent-intent.ts'
import { registerArguments, updateArguments } from '../../fhir/consent-intent.ts'
import { limitsFromBytes } from '../../fhir/data-limits.ts'
import { referenceId } from '../../fhir/reference-id.ts'
import type { IdentityId } from '../../types/brand.ts'
import type { Value } from '../../types/canonical-value.ts'
import type { SimulatedConsortium } from './consortium.ts'

/** A Consent to be registered, changed or ended. */
export interface Step {
  /** Among the Consents given, from 1. */
  readonly position: number
  /** Consent.id */
  readonly id: string | null
  readonly intent: Exclude<ConsentIntent, { kind: 'refused' } | { kind: 'nothing' }>
}

interface Entry {
  readonly id: string | null
  readonly consent: IdentityId
  readonly patient: IdentityId
  readonly custodian: IdentityId
  version: number
  position: number
  /** For each clause; null where no clause is limited. */
  limits: readonly Value[] | null
}

export class Registered {
  readonly #entries: Entry[] = []

  /** Throws Refused. */
  take(consortium: SimulatedConsortium, { position, id, intent }: Step): void {
    if (intent.kind !== 'terms') {
      for (const { consent, patient } of this.#entries.filter((entry) => entry.id === id)) {
        consortium.act(patient, `consent.${intent.kind}`, { consent })
      }
      return
    }
    for (const [i, terms] of intent.terms.entries()) {
      const { patient, custodian, delegation } = terms
      const bytes = intent.bodies[i]?.limits ?? null
      const limits = bytes && limitsFromBytes(bytes)
      const old = this.#entries.find(
        (entry) => id !== null && entry.id === id && entry.patient === patient && entry.custodian === custodian,
      )
      const sender = delegation === null ? patient : delegateOf(consortium, { patient, delegation })
      if (old === undefined) {
        const consent = referenceId(`Consent ${this.#entries.length}`)
        consortium.call(sender, 'consent.register', registerArguments(terms, { consentId: consent }))
        this.#entries.push({ id, consent, patient, custodian, version: 1, position, limits })
      } else {
        const args = updateArguments(terms, { consentId: old.consent, replaces: old.version })
        consortium.call(sender, 'consent.update', args)
        Object.assign(old, { version: old.version + 1, position, limits })
      }
    }
  }

  find(consent: string): Readonly<Entry> {
    const found = this.#entries.find((entry) => entry.consent === consent)
    if (found === undefined) throw new TypeError('a decision names a consent that was not registered')
    return found
  }
}

function delegateOf(
  consortium: SimulatedConsortium,
  named: { readonly patient: IdentityId; readonly delegation: IdentityId },
): IdentityId {
  return consortium.ask('registry.delegateOf', named) as string as IdentityId
}
