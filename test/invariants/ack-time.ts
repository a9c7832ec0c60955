// The time of a block that an honest member acks is one that its clock can believe (spec/consensus.md, section 8). Between the
// check and the write of the ack a clock may have been set, hence the slack.

import type { CreateInvariant } from './invariant.ts'
import { short } from './invariant.ts'

const SLACK_MS = 120_000

export const ackTime: CreateInvariant = ({ blocks, clockMs, violate }) => ({
  name: 'ack-time',
  onSignState(member, { lastAck }, { isRestored }) {
    if (lastAck === null || isRestored) return
    const timeMs = blocks.header(lastAck.hash)?.timeMs
    if (timeMs === undefined) return
    const aheadMs = timeMs - clockMs(member)
    if (aheadMs > SLACK_MS)
      violate(`seat ${member} acked ${short(lastAck.hash)}, ${Math.round(aheadMs)} ms ahead of its clock`)
  },
})
