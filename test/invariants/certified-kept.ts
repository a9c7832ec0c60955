// Never let go of a certified block (R5), member by member: whatever liars do, what a member holds certified at a height stays
// there as long as its disk remembers it. With more liars than the group bears two members may differ; neither changes sides.

import type { Hash, Seat } from '../../src/types/brand.ts'
import { type CreateInvariant, short } from './invariant.ts'

export const certifiedKept: CreateInvariant = ({ violate }) => {
  const bySeat = new Map<Seat, Map<number, Hash>>()
  return {
    name: 'certified-kept',
    onStart(member, head) {
      const held = bySeat.get(member) ?? new Map<number, Hash>()
      bySeat.set(member, held)
      // The write that moves the head is not synced.
      for (const height of held.keys()) if (height > head.height) held.delete(height)
    },
    onCommit(by, blocks) {
      const held = bySeat.get(by) ?? new Map<number, Hash>()
      bySeat.set(by, held)
      for (const { header, hash } of blocks) {
        const before = held.get(header.height) ?? hash
        if (before !== hash) {
          violate(
            `R5: seat ${by} had ${short(before)} certified at height ${header.height}, and lets go of it for ${short(hash)}`,
          )
        }
        held.set(header.height, hash)
      }
    },
  }
}
