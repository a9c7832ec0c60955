// Against R5: a member that knows a block to be certified votes for nobody whose chain does not hold it.

import type { Attack } from './stage.ts'
import { splitGroup } from './twins.ts'

export const lettingGo: Attack = async (stage) => {
  const split = await splitGroup(stage)
  if (split === null) return
  const { liar, first, knowing, acking, other } = split

  // Whoever has acked it would refuse, too: only its word is not heard.
  stage.isolate(acking)
  liar.obey(other.seat)
  if (!(await stage.elect(other))) return
  stage.isolate(knowing)
  stage.rejoin(acking)
  await stage.until(() => other.height > first.header.height)
}
