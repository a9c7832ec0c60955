// Against a replay set that is lost with a snapshot: a member takes one, leads, and is sent a transaction that stands in the
// blocks before.

import type { Attack } from './stage.ts'

const ATTEMPTS = 6

export const replayedToNewcomer: Attack = async (stage) => {
  const [first, newcomer] = stage.honest
  if (first === undefined || newcomer === undefined) return
  await stage.elect(first)
  await stage.until(() => first.height > 60)
  const transaction = stage.transaction()
  const before = stage.snapshots
  for (let i = 0; i < ATTEMPTS && stage.snapshots === before; i++) {
    if (i === 0) stage.submit(first, transaction)
    await stage.pause(300)
    stage.loseLedger(newcomer)
    await stage.until(() => newcomer.height > first.height - 5, 4_000)
  }
  if (stage.snapshots === before) return
  stage.lied('nobody lies: a transaction is sent twice')
  await stage.elect(newcomer)
  stage.submit(newcomer, transaction)
  await stage.pause(1_500)
}
