// Against the time check: a leader's block is an hour ahead of everybody's clock.

import type { Attack } from './stage.ts'

const HOUR_MS = 3_600_000

export const farFuture: Attack = async (stage) => {
  const liar = stage.puppet(0)
  await stage.prepare(liar.node)
  liar.seize()
  const parent = liar.head
  const leaderCert = liar.leaderCertOf(parent.header.term)
  const block = liar.block({ parent, leaderCert, laterMs: HOUR_MS })
  stage.lied('makes a block that is an hour ahead')
  for (const node of stage.honest) liar.append(node, { blocks: [block] })
  await stage.until(() => liar.hasAcksOf(block, stage.honest), 2_000)
}
