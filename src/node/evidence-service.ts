// The RPC's view of the pool: institutions instead of seats alone.

import { termOf } from '../consensus/evidence/evidence.ts'
import { encodeShownEvidence } from '../consensus/evidence/shown-evidence.ts'
import type { EvidenceEntry, EvidenceService } from '../rpc/services.ts'
import type { Epoch, IdentityId, Seat } from '../types/brand.ts'
import type { EpochLink } from '../types/epoch-link.ts'
import { memberAt, type ValidatorSet } from '../types/validator-set.ts'
import type { EvidencePool, HeldEvidence } from './evidence-pool.ts'

export interface EvidenceServiceParts {
  readonly pool: Pick<EvidencePool, 'list' | 'get'>
  readonly epoch: () => Epoch
  readonly setOf: (epoch: Epoch) => ValidatorSet | undefined
  readonly epochLinks: (epoch: Epoch) => readonly EpochLink[]
}

export function createEvidenceService({ pool, epoch, setOf, epochLinks }: EvidenceServiceParts): EvidenceService {
  /** A seat is one key's for ever: the latest set that has it says whose. */
  const institutionOf = (seat: Seat): IdentityId | null => {
    for (let at: number = epoch(); at >= 0; at--) {
      const set = setOf(at as Epoch)
      const member = set && memberAt(set, seat)
      if (member !== undefined) return member.institution
    }
    return null
  }
  const entryOf = ({ hash, evidence, accused }: HeldEvidence): EvidenceEntry => ({
    hash,
    kind: evidence.kind,
    term: termOf(evidence),
    accused: accused.map((seat) => ({ seat, institution: institutionOf(seat) })),
  })
  return {
    list: () => pool.list().map(entryOf),
    get(hash) {
      const held = pool.get(hash)
      if (held === undefined) return null
      const { evidence } = held
      return { entry: entryOf(held), bytes: encodeShownEvidence({ evidence, epochs: epochLinks(epoch()) }) }
    },
  }
}
