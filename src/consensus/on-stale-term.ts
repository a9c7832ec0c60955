// This node spoke for a term that is over (spec/consensus.md, section 6).

import { learnLeaderCert } from './learn-leader.ts'
import { mayHeed, noteHeeded } from './liveness.ts'
import type { From, StaleTerm } from './messages.ts'
import { armEarlyElection } from './roles.ts'
import type { Step } from './step.ts'
import { joinTerm } from './term.ts'

export function onStaleTerm(step: Step, { from, message }: From<StaleTerm>): void {
  const { state } = step
  const { leaderCert } = message
  if (
    leaderCert !== null &&
    leaderCert.term > state.term &&
    !learnLeaderCert(step, { from, certificate: leaderCert })
  ) {
    return
  }
  if (message.term <= state.term) return
  // Who asks for nothing has spoken for no term: a mere word takes nobody away from its leader.
  if (state.role.kind === 'follower' && state.liveness.preCampaign === null) return
  if (!mayHeed(state, from)) return
  const { role } = state
  const wasAsking = state.liveness.preCampaign !== null
  joinTerm(step, message.term)
  noteHeeded(step, { member: from, role })
  // It asked for a term that is over: once more, soon, for the next one.
  if (wasAsking) armEarlyElection(step)
}
