// Against R5: nothing is committed on a leader's word. It shows one member one block, the others another, and claims that each
// is certified; of the first one it has made the signatures up.

import type { Attack } from './stage.ts'
import { makeTwins, showTwins } from './twins.ts'

export const leadersWord: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [fooled, ...others] = stage.honest
  if (fooled === undefined) return
  await stage.prepare(liar.node)
  liar.seize()
  const twins = makeTwins(liar)
  const { first, second } = twins
  await showTwins(stage, { liar, twins, to: { first: [fooled], second: others } })
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
