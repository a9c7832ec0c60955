// Votes for every candidate of a term, whatever it has acked and voted before, and never promises instead. Where there is one
// candidate only, it sometimes votes for somebody else beside it.

import type { CreateLiar } from './liar.ts'
import { voteFor } from './statements.ts'

export const doubleVoter: CreateLiar = (liar) => {
  const { random } = liar
  const votedIn = new Set<number>()
  return {
    incoming(from, message) {
      if (message.kind === 'preVoteRequest') liar.send(from, { kind: 'preVote', term: message.term })
      if (message.kind !== 'voteRequest') return true
      const hasRival = !votedIn.has(message.term) && random.chance(0.5)
      if (hasRival) liar.send(from, voteFor(liar, random.pick(liar.peers.filter((peer) => peer !== from)), message))
      liar.send(from, voteFor(liar, from, message))
      if (hasRival || votedIn.has(message.term)) liar.lied('votes twice in a term')
      votedIn.add(message.term)
      // Its node must not know: it would have something to be consistent with.
      return random.chance(0.3)
    },
    outgoing: (_to, message) => message.kind !== 'vote' && message.kind !== 'promise',
  }
}
