// Stands for election with a tip that is not its last ack: one far below it, sound in itself, or one that it made up.

import type { Candidacy } from '../../../src/consensus/messages.ts'
import type { Seat } from '../../../src/types/brand.ts'
import { blockHash } from '../../../src/types/signing.ts'
import type { CreateLiar } from './liar.ts'
import { candidacyAt } from './statements.ts'

const LOWER_MAX = 12

export const falseTip: CreateLiar = (liar) => {
  const { random } = liar
  const lower = (term: number): Candidacy | null => {
    const height = liar.node.height - random.below(LOWER_MAX)
    return candidacyAt(liar, { height, term })
  }
  /** The last header is not shown, and its parent is the tip; or the tip is higher than what is shown. */
  const bent = (candidacy: Candidacy): Candidacy => {
    const { headers, tip } = candidacy
    const shown = headers.slice(0, -1)
    const last = shown.at(-1)?.header
    if (last === undefined || random.chance(0.3))
      return { ...candidacy, tip: { ...tip, height: (tip.height + 3) as typeof tip.height } }
    return { ...candidacy, headers: shown, tip: { term: last.term, height: last.height, hash: blockHash(last) } }
  }
  const ask = (to: Seat, candidacy: Candidacy): void => {
    if (random.chance(0.5)) liar.send(to, { kind: 'preVoteRequest', ...candidacy })
    else liar.send(to, { kind: 'voteRequest', ...candidacy, transfer: null })
  }
  return {
    outgoing(to, message) {
      if (message.kind !== 'voteRequest' && message.kind !== 'preVoteRequest') return true
      liar.send(to, { ...message, ...bent(message) })
      liar.lied('stands for election with a bent tip')
      return false
    },
    incoming(_from, message) {
      if (message.kind !== 'append' || !random.chance(0.03)) return true
      const candidacy = lower(message.term + 1)
      if (candidacy === null) return true
      for (const peer of liar.peers) ask(peer, candidacy)
      liar.lied(`stands for election with a tip at height ${candidacy.tip.height}`)
      return true
    },
  }
}
