// Drives the terms up: stands for election in terms far ahead, and tells everybody that theirs is over.

import type { Term } from '../../../src/types/brand.ts'
import type { CreateLiar } from './liar.ts'
import { candidacyAt } from './statements.ts'

export const termInflater: CreateLiar = (liar) => {
  const { random } = liar
  return {
    incoming(_from, message) {
      if (message.kind !== 'append' || !random.chance(0.04)) return true
      const term = message.term + random.pick([1, 2, 900, 1_000, 1_001, 1_000_000])
      const candidacy = candidacyAt(liar, { height: liar.node.height, term })
      for (const peer of liar.peers) {
        if (candidacy === null || random.chance(0.4))
          liar.send(peer, { kind: 'staleTerm', term: term as Term, leaderCert: null })
        else if (random.chance(0.5)) liar.send(peer, { kind: 'preVoteRequest', ...candidacy })
        else liar.send(peer, { kind: 'voteRequest', ...candidacy, transfer: null })
      }
      liar.lied(`speaks of term ${term}`)
      return true
    },
  }
}
