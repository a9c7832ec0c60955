// The time of a certified block is above its parent's, and heights have no gap. spec/consensus.md, "Blocks that are accepted".

import { type CreateInvariant, short } from './invariant.ts'

export const blockTime: CreateInvariant = ({ blocks: index, violate }) => ({
  name: 'block-time',
  onCommit(by, blocks) {
    for (const { header, hash } of blocks) {
      const parent = index.header(header.parentHash)
      if (parent === undefined) continue
      if (header.timeMs <= parent.timeMs) violate(`seat ${by}: time of ${short(hash)} is not above its parent's`)
      if (header.height !== parent.height + 1)
        violate(`seat ${by}: height of ${short(hash)} does not follow its parent's`)
    }
  },
})
