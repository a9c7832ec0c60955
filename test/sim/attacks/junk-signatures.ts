// Against transaction leaves that hash only ids: what a leader sends to one member has junk in the place of its transactions'
// signatures, under the same header. That member must not take a certified block for invalid.

import { swapSignature } from '../liars/junk-signature-swap.ts'
import type { Attack } from './stage.ts'

export const junkSignatures: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [fooled, ...others] = stage.honest
  if (fooled === undefined) return
  await stage.prepare(liar.node)
  liar.seize()
  const parent = liar.head
  const leaderCert = liar.leaderCertOf(parent.header.term)
  const transactions = [stage.transaction(), stage.transaction()]
  const block = liar.block({ parent, leaderCert, laterMs: 1, transactions })
  const swapped = { ...block, transactions: transactions.map(swapSignature) }
  stage.lied('swaps the signatures of transactions')
  liar.append(fooled, { blocks: [swapped] })
  for (const node of others) liar.append(node, { blocks: [block] })
  await stage.until(() => liar.hasAcksOf(block, others))
  for (const node of [fooled, ...others])
    liar.append(node, { blocks: [], on: block, commitCert: liar.commitCert(block) })
  liar.serve([block], liar.commitCert(block))
  await stage.until(() => stage.honest.every((node) => stage.isCertified(node, block)), 5_000)
}
