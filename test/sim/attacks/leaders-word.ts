// Against R5: nothing is committed on a leader's word. It shows one member one block, the others another, and claims that each
// is certified; of the first one it has made the signatures up.

import type { Attack } from './stage.ts'

export const leadersWord: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [fooled, ...others] = stage.honest
  if (fooled === undefined) return
  await stage.prepare(liar.node)
  liar.seize()
  const parent = liar.head
  const leaderCert = liar.leaderCertOf(parent.header.term)
  const first = liar.block({ parent, leaderCert, laterMs: 1 })
  const second = liar.block({ parent, leaderCert, laterMs: 2 })
  liar.append(fooled, { blocks: [first] })
  for (const node of others) liar.append(node, { blocks: [second] })
  await stage.until(() => liar.hasAcksOf(first, [fooled]) && liar.hasAcksOf(second, others))
  const signers = [liar.node, fooled, ...others].slice(0, stage.quorum).map(({ seat }) => seat)
  const signatures = signers
    .sort((left, right) => left - right)
    .map((member) => ({ member, signature: stage.random.bytes(64) }))
  stage.lied('certifies a block with signatures that nobody made')
  liar.append(fooled, { blocks: [first], commitCert: { ...liar.commitCert(first), signatures } })
  for (const node of others) liar.append(node, { blocks: [second], commitCert: liar.commitCert(second) })
  await stage.until(() => others.every((node) => stage.isCertified(node, second)))
  await stage.pause(500)
}
