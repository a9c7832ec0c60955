// Against R1: the acks of one term form one chain. A member has acked a block in whose place the leader's other one was
// certified; that one it takes over, and acks nothing more in the term.

import type { Attack } from './stage.ts'
import { makeTwins, showTwins } from './twins.ts'

export const secondBranch: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [misled, ...others] = stage.honest
  if (misled === undefined) return
  await stage.prepare(liar.node)
  liar.seize()
  const twins = makeTwins(liar)
  const { leaderCert, second } = twins
  stage.lied('makes two blocks in one place')
  await showTwins(stage, { liar, twins, to: { first: [misled], second: others } })
  const certificate = liar.commitCert(second)
  liar.serve([second], certificate)
  liar.append(misled, { blocks: [second], commitCert: certificate })
  await stage.until(() => stage.isCertified(misled, second), 5_000)
  const third = liar.block({ parent: second, leaderCert, laterMs: 1 })
  liar.append(misled, { blocks: [third], commitCert: certificate })
  await stage.until(() => liar.hasAcksOf(third, [misled]), 1_000)
}
