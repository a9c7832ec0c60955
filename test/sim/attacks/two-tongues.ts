// Against R3: a leader certifies one block with half of the group, shows another one in its place to the rest, and falls
// silent. Whoever has the other one stands for election. Whoever has acked the first and does not know of its certificate
// must not vote for it.

import type { Attack } from './stage.ts'
import { splitGroup } from './twins.ts'

export const twoTongues: Attack = async (stage) => {
  const split = await splitGroup(stage)
  if (split === null) return
  const { liar, first, knowing, other } = split

  stage.isolate(knowing)
  liar.obey(other.seat)
  if (await stage.elect(other)) await stage.until(() => other.height > first.header.height)
}
