// Against a Release that proves too little: as in two-tongues.ts, and the candidate knows that the leader made two blocks. Its
// own word that it is not on the certified branch is not enough to free others from it.

import type { Attack } from './stage.ts'
import { splitGroup } from './twins.ts'

export const thinRelease: Attack = async (stage) => {
  const split = await splitGroup(stage)
  if (split === null) return
  const { liar, first, knowing, other } = split

  liar.append(other, { blocks: [first] })
  await stage.pause(50)
  stage.isolate(knowing)
  liar.obey(other.seat)
  // Several candidacies: a Release is made of what the one before brought.
  if (await stage.elect(other, 40_000)) await stage.until(() => other.height > first.header.height)
}
