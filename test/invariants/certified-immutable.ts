// Certified blocks are immutable (R5; Raft, state machine safety): one block at a height, at all honest members, for ever, also
// behind a crash. A head may fall back in a crash, because the write that moves it is not synced; it never moves sideways.

import type { Hash } from '../../src/types/brand.ts'
import { type CreateInvariant, short } from './invariant.ts'

export const certifiedImmutable: CreateInvariant = ({ violate }) => {
  const certified = new Map<number, { readonly hash: Hash; readonly by: number }>()
  const check = (height: number, hash: Hash, by: number): void => {
    const other = certified.get(height)
    if (other === undefined) certified.set(height, { hash, by })
    else if (other.hash !== hash) {
      violate(`height ${height}: seat ${other.by} has ${short(other.hash)} certified, seat ${by} has ${short(hash)}`)
    }
  }
  return {
    name: 'certified-immutable',
    onCommit(by, blocks) {
      for (const { header, hash } of blocks) check(header.height, hash, by)
    },
    onStart(member, { height, hash }) {
      if (height > 0) check(height, hash, member)
    },
  }
}
