// More liars than the group bears: they fork the chain, in one term by a leader with two tongues, or across terms by voters
// who forget what they have acked. Nothing can stop them; every fork has to prove 2q-n of them guilty, and nobody else.

import type { Block } from '../../../src/types/block.ts'
import type { SimulatedNode } from '../node.ts'
import type { Attack, Stage } from './stage.ts'

interface Camps {
  readonly left: readonly SimulatedNode[]
  readonly right: readonly SimulatedNode[]
}

export const fork: Attack = async (stage) => {
  const { random, honest, quorum, puppets } = stage
  const least = Math.max(1, quorum - puppets.length)
  const mixed = random.sample(honest, honest.length)
  const cut = least + random.below(honest.length - 2 * least + 1)
  const camps = { left: mixed.slice(0, cut), right: mixed.slice(cut) }
  stage.tell(() => `${names(camps.left)} against ${names(camps.right)}`)
  await (random.chance(0.4) ? inOneTerm(stage, camps) : acrossTerms(stage, camps))
  // Everybody hears of everything.
  stage.release()
  stage.mendAll()
  await stage.pause(random.between(500, 4_000))
}

/** A leader makes two chains from one block, and both get their certificates. */
async function inOneTerm(stage: Stage, camps: Camps): Promise<void> {
  const liar = stage.puppet(0)
  await stage.prepare(liar.node)
  for (const puppet of stage.puppets) puppet.seize()
  const leaderCert = liar.leaderCertOf(liar.head.header.term)
  const depth = 1 + stage.random.below(3)
  stage.lied('makes two chains')
  for (const [laterMs, camp] of [
    [1, camps.left],
    [2, camps.right],
  ] as const) {
    let parent: Pick<Block, 'hash' | 'header'> = liar.head
    for (let i = 0; i < depth; i++) {
      const block = liar.block({ parent, leaderCert, laterMs })
      for (const node of camp) liar.append(node, { blocks: [block] })
      await stage.until(() => liar.hasAcksOf(block, camp))
      const commitCert = liar.commitCert(block, stage.puppets)
      for (const node of camp) liar.append(node, { blocks: [block], commitCert })
      await stage.until(() => camp.every((node) => stage.isCertified(node, block)))
      parent = block
    }
  }
}

/** One camp certifies under an honest leader; the other one elects its own later on, with the votes of those who were there. */
async function acrossTerms(stage: Stage, { left, right }: Camps): Promise<void> {
  const [leader] = left
  if (leader === undefined) return
  await stage.prepare(leader)
  const { height } = leader
  for (const puppet of stage.puppets) {
    puppet.seize()
    puppet.obey(leader.seat)
  }
  for (const node of right) for (const other of left) stage.cut(node, other)
  stage.rouse()
  await stage.until(() => left.every((node) => node.height > height + stage.random.below(3)))
  stage.hush()
  stage.lied('votes against what it has acked')
  for (const heir of stage.random.sample(right, 1 + stage.random.below(2))) {
    for (const puppet of stage.puppets) puppet.obey(heir.seat)
    await stage.elect(heir)
    stage.rouse()
    await stage.until(() => right.every((node) => node.height > height))
    stage.hush()
  }
}

const names = (nodes: readonly SimulatedNode[]): string => nodes.map(({ name }) => name).join('')
