// What a client was told is true for ever: a transaction that was acknowledged stands in every honest chain in that place, once;
// one that was given up for expired stands in none.

import type { Hash } from '../../src/types/brand.ts'
import { type CreateInvariant, type Place, short } from './invariant.ts'

export const acknowledgedSurvive: CreateInvariant = ({ violate }) => {
  const placed = new Map<Hash, Place>()
  const denied = new Set<Hash>()
  const acknowledged = new Map<Hash, Place>()
  const seen = new Set<Hash>()
  return {
    name: 'acknowledged-survive',
    onCommit(_by, blocks) {
      for (const { header, hash, transactions } of blocks) {
        if (seen.has(hash)) continue
        seen.add(hash)
        for (const [index, { id }] of transactions.entries()) {
          const other = placed.get(id)
          if (other !== undefined)
            violate(`transaction ${short(id)} stands at heights ${other.height} and ${header.height}`)
          placed.set(id, { height: header.height, index })
          if (denied.has(id))
            violate(`transaction ${short(id)} was given up for expired, and stands at ${header.height}`)
          const told = acknowledged.get(id)
          if (told !== undefined && (told.height !== header.height || told.index !== index)) {
            violate(`transaction ${short(id)} was acknowledged at ${told.height}, and stands at ${header.height}`)
          }
        }
      }
    },
    onAcknowledged(id, place) {
      acknowledged.set(id, place)
      const found = placed.get(id)
      if (found !== undefined && (found.height !== place.height || found.index !== place.index)) {
        violate(`transaction ${short(id)} was acknowledged at ${place.height}, and stands at ${found.height}`)
      }
    },
    onEnd() {
      // Not sooner: who began with a snapshot knows of transactions whose blocks nobody else may have taken in.
      for (const [id, { height }] of acknowledged) {
        if (!placed.has(id))
          violate(`transaction ${short(id)} was acknowledged at ${height}, where no honest member has it`)
      }
    },
    onDenied(id) {
      denied.add(id)
      const found = placed.get(id)
      if (found !== undefined)
        violate(`transaction ${short(id)} was given up for expired, and stands at ${found.height}`)
    },
  }
}
