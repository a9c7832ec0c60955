// What an honest leader makes, no honest member finds invalid: they all execute the same block on the same state.

import { type CreateInvariant, short } from './invariant.ts'

export const soundProposals: CreateInvariant = ({ isHonest, violate }) => ({
  name: 'sound-proposals',
  onRefusal(by, { blockHash, member, reason }) {
    if (isHonest(member))
      violate(`seat ${by} finds ${short(blockHash)} of seat ${member}, who never lied, invalid: ${reason}`)
  },
})
