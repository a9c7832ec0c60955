// Against R2: acks are of blocks of the current leader's term alone. A leader is elected whose tip holds a block of an earlier
// term that has no certificate; its followers get it with the opening block on top, and have voted since.

import type { Attack } from './stage.ts'

export const inheritedBlock: Attack = async (stage) => {
  const [first, heir, ...others] = stage.honest
  if (first === undefined || heir === undefined) return
  await stage.prepare(first)
  const { height } = first
  // New blocks reach the heir only, and nobody's ack the leader.
  stage.rule(({ from, to, message }) => {
    if (from === first.seat && message.kind === 'append' && message.blocks.length > 0) return to === heir.seat
    return !(to === first.seat && message.kind === 'appendReply')
  })
  stage.rouse()
  await stage.until(() => (heir.running?.ledger.storedHeight ?? 0) > height)
  stage.hush()
  stage.isolate(first)
  stage.lied('nobody lies: a block is inherited')
  await stage.elect(heir)
  await stage.until(() => others.every((node) => node.height > height + 1))
}
