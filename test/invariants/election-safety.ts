// Election safety (Raft, figure 3): at most one leader in a term. Whoever sends an append in a term takes itself for its
// leader, and every LeaderCert names one.

import type { Seat } from '../../src/types/brand.ts'
import { type CreateInvariant, short } from './invariant.ts'

export const electionSafety: CreateInvariant = ({ memberOf, violate }) => {
  const leaders = new Map<number, Seat>()
  const check = (term: number, seat: Seat | undefined, how: string): void => {
    if (seat === undefined) return
    const other = leaders.get(term)
    if (other === undefined) leaders.set(term, seat)
    else if (other !== seat) violate(`term ${term} has two leaders: seats ${other} and ${seat} (${how})`)
  }
  return {
    name: 'election-safety',
    onSend(from, message) {
      if (message.kind !== 'append') return
      check(message.term, from, 'an append')
      for (const { term, candidate, tip } of message.leaderCerts)
        check(term, memberOf(candidate), `LeaderCert on ${short(tip.hash)}`)
    },
  }
}
