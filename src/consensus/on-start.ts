// First event of a run: wait for a leader, or be the only candidate there is.

import { presentSet } from './epochs.ts'
import { beginPreCampaign } from './pre-campaign.ts'
import { armElection } from './roles.ts'
import { type Step, setTimer } from './step.ts'

export function onStart(step: Step): void {
  setTimer(step, { timer: 'progress', delayMs: step.settings.timing.electionTimeoutMaxMs })
  if (presentSet(step.state).members.length === 1) beginPreCampaign(step, 'silence')
  else armElection(step)
}
