// Log matching (Raft, figure 3): two logs with an entry of one height and term are the same up to there. Hash links give "up
// to there"; what is left is that an honest leader makes one block in a place (R1).

import { type CreateInvariant, short } from './invariant.ts'

export const logMatching: CreateInvariant = ({ isHonest, violate }) => {
  const made = new Map<string, string>()
  const seen = new Set<string>()
  return {
    name: 'log-matching',
    onSend(_from, message) {
      if (message.kind !== 'append') return
      for (const { header, hash } of message.blocks) {
        if (seen.has(hash)) continue
        seen.add(hash)
        if (!isHonest(header.proposer)) continue
        const place = `${header.term}/${header.height}`
        const other = made.get(place)
        if (other === undefined) made.set(place, hash)
        else if (other !== hash) {
          violate(
            `seat ${header.proposer} made two blocks in term ${header.term} at height ${header.height}: ${other.slice(0, 8)} and ${short(hash)}`,
          )
        }
      }
    },
  }
}
