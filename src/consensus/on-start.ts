// First event of a run: wait for a leader, or be the only candidate there is.

import { armElection, becomeCandidate } from './roles.ts'
import type { Step } from './step.ts'

export function onStart(step: Step): void {
  if (step.settings.set.members.length === 1) becomeCandidate(step)
  else armElection(step)
}
