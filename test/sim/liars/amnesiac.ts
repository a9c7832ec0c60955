// Has forgotten what it acked and voted: votes for whoever asks first in a term, whatever is shown, or promises, and names a last
// ack of long ago; acks whatever leader of whatever term sends it blocks.

import type { VoteRequest } from '../../../src/consensus/messages.ts'
import type { Seat } from '../../../src/types/brand.ts'
import type { CreateLiar, Liar } from './liar.ts'
import { acksOf, promiseAt, voteFor } from './statements.ts'

export const amnesiac: CreateLiar = (liar) => {
  const { random } = liar
  const answeredIn = new Set<number>()
  return {
    incoming(from, message) {
      switch (message.kind) {
        case 'preVoteRequest':
          liar.send(from, { kind: 'preVote', term: message.term })
          return true
        case 'voteRequest':
          if (answeredIn.has(message.term)) return true
          answeredIn.add(message.term)
          if (!promise(liar, from, message)) {
            liar.send(from, voteFor(liar, from, message))
            liar.lied('votes without a look at what it has acked')
          }
          return random.chance(0.5)
        case 'append': {
          const acks = random.chance(0.2) ? acksOf(liar, message.term, message.blocks) : null
          if (acks === null) return true
          liar.send(from, acks)
          liar.lied('acks without a look at what it has voted')
          return true
        }
        default:
          return true
      }
    },
    outgoing: (_to, message) => message.kind !== 'vote' && message.kind !== 'promise',
  }
}

function promise(liar: Liar, candidate: Seat, { term }: VoteRequest): boolean {
  const { random, node } = liar
  const said = random.chance(0.5) ? promiseAt(liar, { term, height: node.height - 1 - random.below(5) }) : null
  if (said === null) return false
  liar.send(candidate, said)
  liar.lied(`promises, and remembers nothing above height ${said.promise.lastAck?.height}`)
  return true
}
