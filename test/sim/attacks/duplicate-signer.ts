// Against the rule that a certificate lists each member once: a leader fills one up with its own signature.

import type { Attack } from './stage.ts'
import { makeTwins, showTwins } from './twins.ts'

export const duplicateSigner: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [fooled, ...others] = stage.honest
  if (fooled === undefined) return
  await stage.prepare(liar.node)
  liar.seize()
  const twins = makeTwins(liar)
  const { first, second } = twins
  await showTwins(stage, { liar, twins, to: { first: [fooled], second: others } })

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
