// Against the guard of the sign-state: a member's machine is restored from a backup, while a leader makes two blocks in one
// place. The member has acked the one; what the backup knows would let it ack the other.

import type { Attack } from './stage.ts'
import { makeTwins } from './twins.ts'

export const oldBackup: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [restored] = stage.honest
  if (restored === undefined) return
  await stage.prepare(liar.node)
  const restore = restored.backUp()
  // Since then it has started once more, and every start counts.
  stage.crash(restored, 50)
  await stage.until(() => !restored.isUp)
  await stage.until(() => restored.running !== null)
  await stage.pause(500)
  liar.seize()
  const { first, second } = makeTwins(liar)
  liar.append(restored, { blocks: [first] })
  await stage.until(() => liar.hasAcksOf(first, [restored]))
  stage.crash(restored, 100)
  await stage.until(() => !restored.isUp)
  restore()
  stage.lied('makes two blocks in one place')
  await stage.until(() => restored.running !== null)
  await stage.until(() => {
    liar.append(restored, { blocks: [second] })
    return liar.hasAcksOf(second, [restored])
  }, 3_000)
}
