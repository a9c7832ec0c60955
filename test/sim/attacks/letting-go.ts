// Against R5: a member that knows a block to be certified votes for nobody whose chain does not hold it.

import type { Attack } from './stage.ts'

export const lettingGo: Attack = async (stage) => {
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

  // Whoever has acked it would refuse, too: only its word is not heard.
  stage.isolate(acking)
  liar.obey(other.seat)
  if (!(await stage.elect(other))) return
  stage.isolate(knowing)
  stage.rejoin(acking)
  await stage.until(() => other.height > first.header.height)
}
