// Against R1: the acks of one term form one chain. A member has acked a block in whose place the leader's other one was
// certified; that one it takes over, and acks nothing more in the term.

import type { Attack } from './stage.ts'

export const secondBranch: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [misled, ...others] = stage.honest
  if (misled === undefined) return
  await stage.prepare(liar.node)
  liar.seize()
  const parent = liar.head
  const leaderCert = liar.leaderCertOf(parent.header.term)
  const first = liar.block({ parent, leaderCert, laterMs: 1 })
  const second = liar.block({ parent, leaderCert, laterMs: 2 })
  stage.lied('makes two blocks in one place')
  liar.append(misled, { blocks: [first] })
  for (const node of others) liar.append(node, { blocks: [second] })
  await stage.until(() => liar.hasAcksOf(first, [misled]) && liar.hasAcksOf(second, others))
  const certificate = liar.commitCert(second)
  liar.serve([second], certificate)
  liar.append(misled, { blocks: [second], commitCert: certificate })
  await stage.until(() => stage.isCertified(misled, second), 5_000)
  const third = liar.block({ parent: second, leaderCert, laterMs: 1 })
  liar.append(misled, { blocks: [third], commitCert: certificate })
  await stage.until(() => liar.hasAcksOf(third, [misled]), 1_000)
}
