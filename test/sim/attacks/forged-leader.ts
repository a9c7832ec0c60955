// Against the check of LeaderCerts: an honest leader certifies a block that only it and its ackers know. A liar who helped
// makes itself the leader of the next term, by a certificate without votes, below that block.

import type { LeaderCert } from '../../../src/types/certificate.ts'
import { leaderCertHash } from '../../../src/types/signing.ts'
import type { Attack } from './stage.ts'

export const forgedLeader: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [leader, acking, other] = stage.honest
  if (leader === undefined || acking === undefined || other === undefined) return
  await stage.prepare(leader)
  liar.seize()
  liar.obey(leader.seat)
  const parent = liar.head
  const { term, height } = parent.header
  stage.rule(({ from, to, message }) => {
    if (from !== leader.seat || message.kind !== 'append' || to === liar.seat) return true
    // One block for the one, none for the other, and no word of its certificate.
    const isNew = message.blocks.some(({ header }) => header.height > height + 1)
    return to === acking.seat && !isNew && (message.commitCert?.height ?? 0) <= height
  })
  stage.rouse()
  await stage.until(() => leader.height > height)
  stage.isolate(leader)

  const { chainId, epoch } = parent.header
  const forged: LeaderCert = {
    chainId,
    epoch,
    term: (term + 1) as LeaderCert['term'],
    candidate: liar.seat,
    tip: { term, height, hash: parent.hash },
    releases: [],
    signatures: stage.set.members
      .slice(0, stage.quorum)
      .map(({ seat }) => ({ member: seat, signature: stage.random.bytes(64) })),
  }
  const block = liar.block({ parent, leaderCert: forged, laterMs: 1 })
  stage.lied('leads by a certificate that nobody has signed')
  liar.knowLeaderCert(forged)
  for (const node of [acking, other]) liar.append(node, { blocks: [block] })
  stage.tell(() => `${leaderCertHash(forged).slice(0, 8)} is the forged LeaderCert`)
  const isFollowed = await stage.until(() => liar.hasAcksOf(block, [acking, other]), 5_000)
  if (!isFollowed) return
  liar.append(other, { blocks: [block], commitCert: liar.commitCert(block) })
  await stage.until(() => stage.isCertified(other, block))
}
