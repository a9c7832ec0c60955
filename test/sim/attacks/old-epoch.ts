// Against a wrong epoch: a liar leads a group that has grown, and shows one member a block of the epoch before, whose smaller
// quorum is soon found. The others get one of the present epoch.

import type { Attack } from './stage.ts'

export const oldEpoch: Attack = async (stage) => {
  const liar = stage.puppet(0)
  await stage.promoteFollowers()
  await stage.prepare(liar.node)
  const [fooled, ...others] = stage.honest
  if (fooled === undefined) return
  liar.seize()
  const parent = liar.head
  const leaderCert = liar.leaderCertOf(parent.header.term)
  const present = liar.block({ parent, leaderCert, laterMs: 1 })
  const past = liar.block({ parent, leaderCert, laterMs: 2, epochsBack: 1 })
  stage.lied('makes a block of the epoch before')
  for (const node of others) liar.append(node, { blocks: [present] })
  liar.append(fooled, { blocks: [past] })
  await stage.until(() => liar.hasAcksOf(present, others))
  for (const node of others) liar.append(node, { blocks: [present], commitCert: liar.commitCert(present) })
  if (await stage.until(() => liar.hasAcksOf(past, [fooled]), 3_000))
    liar.append(fooled, { blocks: [past], commitCert: liar.commitCert(past) })
  await stage.until(() => others.every((node) => stage.isCertified(node, present)))
  await stage.pause(500)
}
