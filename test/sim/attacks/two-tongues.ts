// Against R3: a leader certifies one block with half of the group, shows another one in its place to the rest, and falls
// silent. Whoever has the other one stands for election. Whoever has acked the first and does not know of its certificate
// must not vote for it.

import type { Attack } from './stage.ts'

export const twoTongues: Attack = async (stage) => {
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

  stage.isolate(knowing)
  liar.obey(other.seat)
  if (await stage.elect(other)) await stage.until(() => other.height > first.header.height)
}
