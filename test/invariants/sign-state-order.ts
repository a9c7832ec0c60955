// R4 as the sign-state shows it: after a vote or promise in a term no ack below it, after an ack in a term no vote or promise in
// it or below, and nothing of it ever goes back. A crash may take back what nobody was told; then it starts from there.

import type { SignState } from '../../src/consensus/sign-state.ts'
import type { Seat } from '../../src/types/brand.ts'
import type { CreateInvariant } from './invariant.ts'

export const signStateOrder: CreateInvariant = ({ violate }) => {
  const latest = new Map<Seat, SignState>()
  return {
    name: 'sign-state-order',
    onNewVoice(member) {
      latest.delete(member)
    },
    onSignState(member, signState, { isRestored }) {
      const before = latest.get(member)
      latest.set(member, signState)
      if (before === undefined || isRestored) return
      const { vote, promise, lastAck } = signState
      const ackedTerm = before.lastAck?.term ?? 0
      const promisedTerm = Math.max(before.vote?.term ?? 0, before.promise?.term ?? 0)
      for (const [what, word, earlier] of [
        ['voted', vote, before.vote],
        ['promised', promise, before.promise],
      ] as const) {
        if (word === null || word.term === earlier?.term) continue
        if (word.term <= ackedTerm)
          violate(`R4: seat ${member} ${what} in term ${word.term} after an ack in term ${ackedTerm}`)
        if (word.term < (earlier?.term ?? 0))
          violate(`R4: seat ${member} ${what} in term ${word.term}, and before in ${earlier?.term}`)
      }
      if (lastAck === null || lastAck.term === before.lastAck?.term) return
      if (lastAck.term < promisedTerm) {
        violate(`R4: seat ${member} acked in term ${lastAck.term} after a vote or promise in term ${promisedTerm}`)
      }
      if (lastAck.term < ackedTerm)
        violate(`R2: seat ${member} acked in term ${lastAck.term} after an ack in term ${ackedTerm}`)
    },
  }
}
