// Against the rule that a certificate lists each member once: a leader fills one up with its own signature.

import type { Attack } from './stage.ts'

export const duplicateSigner: Attack = async (stage) => {
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

  const thin = liar.commitCert(first)
  const [own] = thin.signatures
  if (own === undefined) return
  const padded = { ...thin, signatures: [own, ...thin.signatures] }
  stage.lied('certifies a block with its own signature twice')
  liar.append(fooled, { blocks: [first], commitCert: padded })
  for (const node of others) liar.append(node, { blocks: [second], commitCert: liar.commitCert(second) })
  await stage.until(() => others.every((node) => stage.isCertified(node, second)))
  await stage.pause(500)
}
