// Two and more of them stand by each other: who leads speaks with two tongues, the others ack both of its branches and vote for
// their own kind, whatever they have acked and voted.

import { equivocatingLeader } from './equivocating-leader.ts'
import type { CreateLiar } from './liar.ts'
import { acksOf, voteFor } from './statements.ts'

export const colluding: CreateLiar = (liar) => {
  const leader = equivocatingLeader(liar)
  return {
    outgoing: (to, message) => leader.outgoing?.(to, message) ?? true,
    incoming(from, message) {
      if (!liar.accomplices.has(from)) return leader.incoming?.(from, message) ?? true
      switch (message.kind) {
        case 'preVoteRequest':
          liar.send(from, { kind: 'preVote', term: message.term })
          return false
        case 'voteRequest':
          liar.send(from, voteFor(liar, from, message))
          liar.lied('votes for its accomplice')
          return true
        case 'append': {
          const acks = acksOf(liar, message.term, message.blocks)
          if (acks === null) return true
          liar.send(from, acks)
          liar.lied('acks all that its accomplice sends')
          return true
        }
        default:
          return leader.incoming?.(from, message) ?? true
      }
    },
  }
}
