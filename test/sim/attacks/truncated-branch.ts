// Against truncating before replacing: a member has acked a block of one leader and stores one of the next leader in its place,
// which nobody has certified either. When power fails, both must be there.

import type { Attack } from './stage.ts'

export const truncatedBranch: Attack = async (stage) => {
  const [first, acking, second, ...rest] = stage.honest
  if (first === undefined || acking === undefined || second === undefined) return
  await stage.prepare(first)
  const { height } = first
  stage.tellOnly(first, acking)
  stage.rouse()
  await stage.until(() => stage.ackedTermAbove(acking, height) > 0)
  stage.hush()
  stage.lied('nobody lies: a branch loses, and is not lost')
  const term = stage.ackedTermAbove(acking, height)
  stage.isolate(first)
  for (const other of [second, ...rest]) stage.cut(acking, other)
  // The new leader's block reaches that member, and no ack gets back.
  stage.rule(({ to, message }) => to !== second.seat || message.kind !== 'appendReply')
  await stage.elect(second)
  stage.mend(acking, second)
  await stage.until(() => stage.ackedTermAbove(acking, height) > term)
  stage.crash(acking, 100)
  await stage.until(() => !acking.isUp)
  await stage.until(() => acking.running !== null)
}
