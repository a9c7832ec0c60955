// Against re-execution by followers: a leader's blocks say of receipts and state what execution did not make.

import { sha256Hex } from '../../../src/crypto/hash.ts'
import type { Block } from '../../../src/types/block.ts'
import type { Attack } from './stage.ts'

/** The invariant looks at one height in eight. */
const BLOCKS = 9

export const falseRoots: Attack = async (stage) => {
  const liar = stage.puppet(0)
  await stage.prepare(liar.node)
  liar.seize()
  const parent = liar.head
  const leaderCert = liar.leaderCertOf(parent.header.term)
  const lie = sha256Hex(stage.random.bytes(32))
  const isStateForged = stage.random.chance(0.5)
  stage.lied(`makes blocks with a false ${isStateForged ? 'stateRoot' : 'receiptRoot'}`)
  let last: Pick<Block, 'hash' | 'header'> = parent
  for (let i = 0; i < BLOCKS; i++) {
    const sound = liar.block({ parent: last, leaderCert, laterMs: 1, isKept: false })
    const forged = { ...sound.header, ...(isStateForged ? { stateRoot: lie } : { receiptRoot: lie }) }
    const block = liar.signed(forged, sound.transactions)
    for (const node of stage.honest) liar.append(node, { blocks: [block] })
    if (!(await stage.until(() => liar.hasAcksOf(block, stage.honest), 1_000))) return
    const commitCert = liar.commitCert(block)
    for (const node of stage.honest) liar.append(node, { blocks: [block], commitCert })
    await stage.until(() => stage.honest.every((node) => stage.isCertified(node, block)), 1_000)
    liar.adopt(block)
    last = block
  }
}
