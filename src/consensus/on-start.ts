// First event of a run: wait for a leader, or be the only candidate there is.

import { retire } from './change-epoch.ts'
import { isSeated, presentSet } from './epochs.ts'
import { beginPreCampaign } from './pre-campaign.ts'
import { armElection } from './roles.ts'
import { type Step, setTimer } from './step.ts'

export function onStart(step: Step): void {
  const { state } = step
  if (!isSeated(state, { seat: state.settings.self, epoch: state.epoch })) {
    retire(step)
    return
  }
  setTimer(step, { timer: 'progress', delayMs: step.settings.timing.electionTimeoutMaxMs })
  if (presentSet(state).members.length === 1) beginPreCampaign(step, 'silence')
  else armElection(step)
}
