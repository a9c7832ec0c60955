// Votes for every candidate of a term, whatever it has acked and voted before, and never promises instead.

import type { Vote } from '../../../src/types/certificate.ts'
import { hashReleases, voteMessage } from '../../../src/types/signing.ts'
import type { CreateLiar } from './liar.ts'

export const doubleVoter: CreateLiar = (liar) => {
  const { chainId, validators } = liar.node.parts.consortium
  const votedIn = new Set<number>()
  return {
    incoming(from, message) {
      if (message.kind !== 'voteRequest') return true
      const { term, tip, releases } = message
      const vote: Vote = {
        chainId,
        epoch: validators.epoch,
        term,
        candidate: from,
        tip,
        releasesHash: hashReleases(releases),
      }
      liar.send(from, { kind: 'vote', vote, signature: liar.sign(voteMessage(vote)) })
      if (votedIn.has(term)) liar.lied('votes twice in a term')
      votedIn.add(term)
      // Its node must not know: it would have something to be consistent with.
      return liar.random.chance(0.3)
    },
    outgoing: (_to, message) => message.kind !== 'vote' && message.kind !== 'promise',
  }
}
