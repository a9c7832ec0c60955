// People have decided that a branch is given up, and somebody has told this node (spec/consensus.md, "Releases").

import type { ReleaseDecided } from './events.ts'
import { beginPreCampaign } from './pre-campaign.ts'
import { decodeRelease } from './release.ts'
import { keepDecided } from './releases.ts'
import type { Step } from './step.ts'

/** Shown from now on by whoever stands, and asked for by whoever is bound; where no leader is heard, it is tried at once. */
export function onReleaseDecided(step: Step, { release: encoded }: ReleaseDecided): void {
  const { role, liveness } = step.state
  const release = decodeRelease(encoded)
  if (release === null || !keepDecided(step.state, { release, encoded })) return
  if (role.kind === 'follower' && !liveness.hearsLeader && liveness.preCampaign === null)
    beginPreCampaign(step, 'silence')
}
