// Against a Release that proves too little: as in two-tongues.ts, and the candidate knows that the leader made two blocks. Its
// own word that it is not on the certified branch is not enough to free others from it.

import type { Attack } from './stage.ts'

export const thinRelease: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [knowing, acking, other] = stage.honest
  if (knowing === undefined || acking === undefined || other === undefined) return
  await stage.prepare(liar.node)
  liar.seize()
  const parent = liar.head
  const leaderCert = liar.leaderCertOf(parent.header.term)
  const first = liar.block({ parent, leaderCert, laterMs: 1 })
  const second = liar.block({ parent, leaderCert, laterMs: 2 })
  stage.lied('makes two blocks in one place')
  liar.append(knowing, { blocks: [first] })
  liar.append(acking, { blocks: [first] })
  liar.append(other, { blocks: [second] })
  await stage.until(() => liar.hasAcksOf(first, [knowing, acking]) && liar.hasAcksOf(second, [other]))
  liar.append(knowing, { blocks: [first], commitCert: liar.commitCert(first) })
  await stage.until(() => stage.isCertified(knowing, first))

  liar.append(other, { blocks: [first] })
  await stage.pause(50)
  stage.isolate(knowing)
  liar.obey(other.seat)
  // Several candidacies: a Release is made of what the one before brought.
  if (await stage.elect(other, 40_000)) await stage.until(() => other.height > first.header.height)
}
