// Nobody honest is proven guilty: what any member calls evidence accuses liars alone (spec/consensus.md, "Evidence").

import type { CreateInvariant } from './invariant.ts'

export const noFraming: CreateInvariant = ({ isHonest, violate }) => ({
  name: 'no-framing',
  onEvidence(by, { kind, accused }) {
    const framed = accused.filter(isHonest)
    if (framed.length > 0) violate(`${kind}: seat ${by} has proof against seat ${framed.join(', ')}, who never lied`)
  },
})
