// Against E4 without its later-term clause: a member acks a block that never gets a certificate, follows the next leader onto
// another branch, and votes for that one's chain later on. That is how it should be, and proves nothing.

import type { Attack } from './stage.ts'

export const supersededAck: Attack = async (stage) => {
  const [first, acking, second, ...rest] = stage.honest
  if (first === undefined || acking === undefined || second === undefined) return
  await stage.prepare(first)
  const { height } = first
  stage.tellOnly(first, acking)
  stage.rouse()
  await stage.until(() => stage.ackedTermAbove(acking, height) > 0)
  stage.hush()
  stage.lied('nobody lies: a block is acked and superseded')
  for (const other of [second, ...rest]) {
    stage.cut(first, other)
    stage.cut(acking, other)
  }
  await stage.elect(second)
  await stage.until(() => second.height > height)
  for (const other of [second, ...rest]) {
    stage.mend(first, other)
    stage.mend(acking, other)
  }
  await stage.until(() => [first, acking].every((node) => node.height > height))
  const [third, ...silent] = rest
  if (third === undefined) return
  // A quorum that needs the vote of the member that acked the lost block.
  stage.rule(({ from, message }) => message.kind !== 'vote' || !silent.some(({ seat }) => seat === from))
  await stage.elect(third)
  await stage.until(() => stage.honest.every((node) => node.height > height + 1))
}
