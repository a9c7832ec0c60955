// Against fsync before an ack: all disks are slow, and when something was certified, or should have been, power fails everywhere
// at once. Nobody lies, and nothing that was certified may be forgotten.

import type { Attack } from './stage.ts'

const ROUNDS = 4
const SLOW_SYNC_MS = 5_000

export const powerCut: Attack = async (stage) => {
  const [leader] = stage.honest
  if (leader === undefined) return
  await stage.prepare(leader)
  stage.free()
  for (let round = 0; round < ROUNDS; round++) {
    const height = stage.certifiedHeight
    stage.setDisks(SLOW_SYNC_MS)
    stage.rouse()
    await stage.until(() => stage.certifiedHeight > height, 500)
    stage.lied('nobody lies: power fails everywhere')
    for (const node of stage.honest) stage.crash(node, stage.random.between(20, 200))
    stage.setDisks(null)
    await stage.until(() => stage.honest.every((node) => node.height > height), 10_000)
  }
}
