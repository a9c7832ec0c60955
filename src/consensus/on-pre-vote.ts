// A member would vote for this node (spec/consensus.md, section 6). Unsigned: it binds nobody.

import type { From, PreVote } from './messages.ts'
import { maybeCampaign } from './pre-campaign.ts'
import type { Step } from './step.ts'

export function onPreVote(step: Step, { from, message }: From<PreVote>): void {
  const { preCampaign } = step.state.liveness
  if (preCampaign === null || preCampaign.term !== message.term) return
  preCampaign.grants.add(from)
  maybeCampaign(step)
}
