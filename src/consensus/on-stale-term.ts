// This node spoke for a term that is over (spec/consensus.md, section 6).

import { learnLeaderCert } from './learn-leader.ts'
import type { From, StaleTerm } from './messages.ts'
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
  if (message.term > state.term) joinTerm(step, message.term)
}
