// Against a replay set that is lost with a leader: a transaction stands in a block that the next leader inherits without a
// certificate. Its client, who has heard nothing, sends it again to the new leader.

import type { Attack } from './stage.ts'

export const replayed: Attack = async (stage) => {
  const [first, heir] = stage.honest
  if (first === undefined || heir === undefined) return
  await stage.prepare(first)
  const { height } = first
  stage.rule(({ from, to, message }) => {
    if (from === first.seat && message.kind === 'append' && message.blocks.length > 0) return to === heir.seat
    return !(to === first.seat && message.kind === 'appendReply')
  })
  const transaction = stage.transaction()
  stage.submit(first, transaction)
  await stage.until(() => (heir.running?.ledger.storedHeight ?? 0) > height)
  stage.isolate(first)
  stage.lied('nobody lies: a transaction is sent twice')
  stage.submit(heir, transaction)
  void stage.elect(heir)
  // On top of the inherited block, and before that has its certificate.
  await stage.until(() => stage.honest.filter((node) => node !== first).every((node) => node.height > height + 1))
  await stage.pause(1_000)
}
